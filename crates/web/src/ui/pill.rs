//! Small words with a colour: the band of an account, a state, a change.
//!
//! Colour only repeats what the word says, so each of these always prints its word. The four bands have fixed words on
//! every screen; everything else takes its word from the caller. Counts in circles are absent.

use domain::scorecard::Band;
use maud::{Markup, html};
use report::Ink;

/// The word for a band on every screen.
pub const fn band_word(band: Band) -> &'static str {
    match band {
        Band::Green => "Healthy",
        Band::Yellow => "Watch",
        Band::Red => "At risk",
        Band::Unknown => "Unknown",
    }
}

/// Renders a band with its word and, where known, the score before it.
pub fn band(band: Band, score: Option<f64>) -> Markup {
    html! {
        span.pill.(Ink::from(band).class()) {
            span.dot aria-hidden="true" {}
            @if let Some(score) = score.filter(|_| band != Band::Unknown) { b { (format!("{score:.0}")) } " " }
            (band_word(band))
        }
    }
}

/// Renders a word in a pill of the given colour.
pub fn pill(ink: Ink, word: &str) -> Markup {
    html! { span.pill.(ink.class()) { span.dot aria-hidden="true" {} (word) } }
}

/// Renders a bare dot of a colour, hidden from screen readers; the words beside it must say the same.
pub fn dot(ink: Ink) -> Markup {
    html! { span.dot.(ink.class()) aria-hidden="true" {} }
}

/// Whether a change is good news, bad news or neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Good news, in green.
    Good,
    /// Bad news, in red.
    Bad,
    /// Neither, in grey.
    Neutral,
}

impl Direction {
    /// Judges a change of a number for which more is better; pass the negated change where less is better.
    pub fn of(change: f64) -> Self {
        if change > 0.0 {
            Self::Good
        } else if change < 0.0 {
            Self::Bad
        } else {
            Self::Neutral
        }
    }

    const fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Neutral => "muted",
        }
    }
}

/// Renders a change in words, for example `+0.6 pt this quarter`.
pub fn delta(direction: Direction, text: &str) -> Markup {
    html! { small.delta.(direction.class()) { (text) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_always_prints_its_word() {
        let html = band(Band::Red, Some(6.4)).into_string();
        assert!(html.contains("<b>6</b> At risk"), "{html}");
        assert!(html.contains("class=\"pill red\""), "{html}");
        assert!(band(Band::Unknown, None).into_string().contains("Unknown"));
    }

    #[test]
    fn no_change_is_neither_good_nor_bad() {
        assert_eq!(Direction::of(0.0), Direction::Neutral);
        assert_eq!(Direction::of(-0.1), Direction::Bad);
        assert!(delta(Direction::of(0.6), "+0.6 pt").into_string().contains("class=\"delta good\""));
    }
}
