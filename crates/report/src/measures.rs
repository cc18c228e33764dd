//! Horizontal bars of parts that make up a score: the answer to "why this score?".
//!
//! On a page it is a list in words with a bar under each line, so it needs no table; in print it is one drawing. A part
//! nobody knows shows an empty track and says so; it is never a bar of length zero.

use maud::{Markup, html};

use crate::figure::{Canvas, Format, Frame, Px, Theme};
use crate::palette::{self, Ink};

/// A part and its value between zero and `full`.
#[derive(Clone, Debug)]
pub struct Measure<'a> {
    /// What it is.
    pub label: &'a str,
    /// More about it, for example `weight 35%`.
    pub detail: &'a str,
    /// Its value; `None` is unknown.
    pub value: Option<f64>,
    /// The colour of its bar.
    pub ink: Ink,
    /// Where it is explained; empty for nowhere.
    pub href: &'a str,
}

/// Draws one bar per part, all from zero to `full`.
pub fn measure_bars(frame: &Frame<'_>, parts: &[Measure<'_>], full: f64, format: Format) -> Markup {
    if frame.theme == Theme::Print {
        return print(frame, parts, full, format);
    }
    html! {
        figure.figure {
            figcaption { div { h2 { (frame.title) } @if !frame.n.is_empty() { p.n { (frame.n) } } } }
            p.vh { (frame.summary) }
            ul.measures { @for part in parts { (line(part, full, format)) } }
        }
    }
}

fn line(part: &Measure<'_>, full: f64, format: Format) -> Markup {
    html! {
        li {
            span {
                @if part.href.is_empty() { (part.label) } @else { a href=(part.href) { (part.label) } }
                @if !part.detail.is_empty() { " " small.muted { (part.detail) } }
            }
            @match part.value {
                Some(value) => b { (format(value)) },
                None => small.muted { "unknown" },
            }
            svg.track viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" {
                @if let Some(value) = part.value {
                    rect class=(format!("fill {}", part.ink.class())) width=(Px(100.0 * share(value, full))) height="6" {}
                }
            }
        }
    }
}

fn share(value: f64, full: f64) -> f64 {
    if full > 0.0 && value.is_finite() { (value / full).clamp(0.0, 1.0) } else { 0.0 }
}

fn print(frame: &Frame<'_>, parts: &[Measure<'_>], full: f64, format: Format) -> Markup {
    let canvas = Canvas { width: frame.width, height: 30.0 * parts.len() as f64, theme: Theme::Print, compact: false };
    html! {
        svg xmlns="http://www.w3.org/2000/svg" viewBox=(format!("0 0 {} {}", canvas.width, canvas.height))
            width=(canvas.width) height=(canvas.height) role="img" font-family="Inter, Helvetica, Arial, sans-serif"
            font-size="11" fill=(palette::DARK) {
            title { (frame.title) }
            desc { (frame.summary) }
            @for (position, part) in parts.iter().enumerate() {
                @let y = 30.0 * position as f64;
                text x="0" y=(Px(y + 12.0)) { (part.label) " " tspan fill=(palette::MUTED) { (part.detail) } }
                text x=(Px(canvas.width)) y=(Px(y + 12.0)) text-anchor="end" font-weight="600" {
                    (part.value.map_or_else(|| "unknown".to_owned(), format))
                }
                rect x="0" y=(Px(y + 18.0)) width=(Px(canvas.width)) height="5" rx="2.5" fill=(palette::GRID) {}
                @if let Some(value) = part.value {
                    rect x="0" y=(Px(y + 18.0)) width=(Px(canvas.width * share(value, full))) height="5" rx="2.5" fill=(part.ink.hex()) {}
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts() -> [Measure<'static>; 2] {
        let part = |label, value| Measure { label, detail: "weight 20%", value, ink: Ink::Green, href: "" };
        [part("Usage", Some(74.0)), part("Relationship", None)]
    }

    #[test]
    fn unknown_is_a_word_not_a_bar_of_zero() {
        let frame = Frame::new("m", "Why this score", "Usage 74 of 100.", "");
        let html = measure_bars(&frame, &parts(), 100.0, |v| format!("{v:.0}")).into_string();
        assert_eq!(html.matches("<rect").count(), 1);
        assert!(html.contains("width=\"74\" height=\"6\"") && html.contains(">unknown</small>"), "{html}");
        let svg = measure_bars(&frame.print(), &parts(), 100.0, |v| format!("{v:.0}")).into_string();
        assert!(svg.contains(">unknown</text>") && svg.contains("fill=\"#12a06f\""), "{svg}");
    }

    #[test]
    fn a_value_beyond_the_end_fills_the_track() {
        assert!((share(140.0, 100.0) - 1.0).abs() < 1e-12);
        assert!(share(5.0, 0.0).abs() < 1e-12 && share(f64::NAN, 100.0).abs() < 1e-12);
    }
}
