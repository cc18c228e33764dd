//! Colours named by meaning, and the arithmetic that keeps text readable on them.
//!
//! On a page an [`Ink`] is only a class; the style sheet gives it a value per theme. In print it is a fixed colour. The
//! heat ramp exists here in both themes because the colour of the text on a cell is chosen by computed contrast (WCAG
//! 2.2, relative luminance), not by taste; `app.css` repeats the ramp and a test in `web` compares the two. Absent: any
//! colour that means nothing.

use domain::scorecard::Band;

/// A colour by what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ink {
    /// The first or only series.
    One,
    /// The second series.
    Two,
    /// The third series.
    Three,
    /// Healthy, gained.
    Green,
    /// To watch.
    Yellow,
    /// At risk, lost.
    Red,
    /// Unknown, or the rest.
    Grey,
}

impl Ink {
    /// The class that carries this colour on a page.
    pub const fn class(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::Two => "two",
            Self::Three => "three",
            Self::Green => "green",
            Self::Yellow => "yellow",
            Self::Red => "red",
            Self::Grey => "grey",
        }
    }

    /// The colour in print.
    pub const fn hex(self) -> &'static str {
        match self {
            Self::One => "#4f5bd5",
            Self::Two => "#0b8793",
            Self::Three => "#b45309",
            Self::Green => "#12a06f",
            Self::Yellow => "#dba012",
            Self::Red => "#d9534f",
            Self::Grey => "#9aa1b1",
        }
    }
}

impl From<Band> for Ink {
    fn from(band: Band) -> Self {
        match band {
            Band::Green => Self::Green,
            Band::Yellow => Self::Yellow,
            Band::Red => Self::Red,
            Band::Unknown => Self::Grey,
        }
    }
}

/// Text in print, and dark text on a pale cell.
pub const DARK: &str = "#1b2130";
/// Light text on a strong cell.
pub const LIGHT: &str = "#ffffff";
/// Secondary text in print.
pub(crate) const MUTED: &str = "#586074";
/// Grid lines in print.
pub(crate) const GRID: &str = "#e3e6ee";

/// The heat ramp of the light theme and of print, from least to most.
pub const HEAT_LIGHT: [&str; 8] =
    ["#eceefb", "#d9dcf7", "#c3c8f2", "#a9b0ec", "#919ae6", "#636dd1", "#4c57c3", "#3a45b0"];
/// The heat ramp of the dark theme, from least to most.
pub const HEAT_DARK: [&str; 8] =
    ["#1d2236", "#252b4b", "#2f3763", "#3c467e", "#4c579c", "#6570be", "#8794e0", "#a9b3f5"];

/// The step of the heat ramp for a value between `low` and `high`; values outside take the nearest end.
pub fn heat_step(value: f64, low: f64, high: f64) -> usize {
    let steps = HEAT_LIGHT.len();
    let share = if high > low { (value - low) / (high - low) } else { 1.0 };
    ((share.clamp(0.0, 1.0) * steps as f64) as usize).min(steps - 1)
}

/// The text colour, [`DARK`] or [`LIGHT`], that stands out more on `fill`.
pub fn text_on(fill: &str) -> &'static str {
    if contrast(DARK, fill) >= contrast(LIGHT, fill) { DARK } else { LIGHT }
}

/// The contrast ratio of two `#rrggbb` colours, 1 to 21 (WCAG 2.2, definition of contrast ratio).
pub fn contrast(a: &str, b: &str) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Relative luminance (WCAG 2.2); anything that is not `#rrggbb` counts as black.
fn luminance(hex: &str) -> f64 {
    let channel = |at: usize| {
        let byte = hex.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()).unwrap_or(0);
        let c = f64::from(byte) / 255.0;
        if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_matches_the_published_extremes() {
        assert!((contrast("#000000", "#ffffff") - 21.0).abs() < 1e-9);
        assert!((contrast("#777777", "#ffffff") - 4.478).abs() < 1e-3);
    }

    #[test]
    fn text_on_every_cell_is_readable() {
        for fill in HEAT_LIGHT.iter().chain(&HEAT_DARK) {
            let ratio = contrast(text_on(fill), fill);
            assert!(ratio >= 4.5, "{fill}: {ratio:.2}");
        }
    }

    #[test]
    fn the_ramp_covers_its_range_and_clamps_outside() {
        assert_eq!(heat_step(60.0, 60.0, 100.0), 0);
        assert_eq!(heat_step(100.0, 60.0, 100.0), 7);
        assert_eq!(heat_step(140.0, 60.0, 100.0), 7);
        assert_eq!(heat_step(-3.0, 60.0, 100.0), 0);
        assert_eq!(heat_step(5.0, 5.0, 5.0), 7);
    }
}
