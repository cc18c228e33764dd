//! How a source is doing, by five rules that the page states. Sources that send by
//! themselves are silent after a day, others and other times where somebody said so.

use chrono::TimeDelta;
use domain::Instant;
use report::Ink;
use store::Source;

/// A refusal this old no longer speaks about today.
const RECENT: TimeDelta = TimeDelta::hours(24);

/// How a source is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is not listened to.
    Off,
    /// It never sent anything.
    New,
    /// The last thing it sent was refused, at least in part.
    Failing,
    /// It has sent nothing for this many hours.
    Silent(i64),
    /// None of these.
    Fine,
}

/// The rules, in the order in which they are asked.
pub(super) const RULES: [(&str, &str); 5] = [
    ("Off", "it is disabled, and its write key is refused."),
    ("Nothing yet", "it has never sent anything."),
    ("Failing", "its last message was refused, at least in part, within the last 24 hours."),
    ("Silent", "it has sent nothing for longer than it may: 24 hours, unless its page says otherwise."),
    ("Fine", "none of these."),
];

impl Standing {
    /// Judges a source.
    pub(super) fn of(source: &Source, now: Instant) -> Self {
        if !source.enabled {
            return Self::Off;
        }
        let Some(last) = source.last_message_at else { return Self::New };
        let failed = source.last_error_at.is_some_and(|failed| failed >= last && now - failed < RECENT);
        match source.silence(now) {
            _ if failed => Self::Failing,
            Some(silence) => Self::Silent(silence.num_hours()),
            None => Self::Fine,
        }
    }

    /// The word on screen.
    pub(super) fn word(self) -> String {
        match self {
            Self::Off => "Off".to_owned(),
            Self::New => "Nothing yet".to_owned(),
            Self::Failing => "Failing".to_owned(),
            Self::Silent(1) => "Silent for an hour".to_owned(),
            Self::Silent(hours @ ..48) => format!("Silent for {hours} hours"),
            Self::Silent(hours) => format!("Silent for {} days", hours / 24),
            Self::Fine => "Fine".to_owned(),
        }
    }

    /// The colour that repeats the word.
    pub(super) const fn ink(self) -> Ink {
        match self {
            Self::Off | Self::New => Ink::Grey,
            Self::Failing => Ink::Red,
            Self::Silent(_) => Ink::Yellow,
            Self::Fine => Ink::Green,
        }
    }
}

#[cfg(test)]
pub(super) fn sample(kind: store::source::Kind) -> Source {
    Source {
        id: 7,
        write_key_hash: Some("hash".to_owned()),
        write_key_prefix: Some("wk_Ab12".to_owned()),
        accepted: 12_345,
        refused: 3,
        unattributed: 42,
        ..Source::new("web", "Web app", kind, "2026-01-01T00:00:00Z".parse().unwrap())
    }
}

#[cfg(test)]
mod tests {
    use store::source::Kind;

    use super::*;

    fn judge(kind: Kind, message: Option<&str>, error: Option<&str>) -> Standing {
        let at = |text: &str| text.parse::<Instant>().unwrap();
        let source = Source { last_message_at: message.map(at), last_error_at: error.map(at), ..sample(kind) };
        Standing::of(&source, at("2026-11-22T12:00:00Z"))
    }

    #[test]
    fn the_first_rule_that_holds_speaks() {
        use Kind::{Csv, Segment};
        assert_eq!(judge(Segment, None, None), Standing::New);
        assert_eq!(judge(Segment, Some("2026-11-22T11:59:00Z"), None), Standing::Fine);
        assert_eq!(judge(Segment, Some("2026-11-22T11:00:00Z"), Some("2026-11-22T11:00:00Z")), Standing::Failing);
        assert_eq!(judge(Segment, Some("2026-11-22T11:01:00Z"), Some("2026-11-22T11:00:00Z")), Standing::Fine);
        assert_eq!(judge(Segment, Some("2026-11-21T11:00:00Z"), Some("2026-11-21T11:00:00Z")), Standing::Silent(25));
        assert_eq!(judge(Csv, Some("2026-01-01T00:00:00Z"), None), Standing::Fine);
        let said = |hours, kind| {
            let last_message_at = Some("2026-11-22T10:00:00Z".parse().unwrap());
            let source = Source { silent_after_hours: Some(hours), last_message_at, ..sample(kind) };
            Standing::of(&source, "2026-11-22T12:00:00Z".parse().unwrap())
        };
        assert_eq!(
            (said(2, Segment), said(3, Segment), said(0, Segment)),
            (Standing::Silent(2), Standing::Fine, Standing::Fine)
        );
        assert_eq!(said(1, Csv), Standing::Silent(2), "a file that should come every hour");
        let off = Source { enabled: false, ..sample(Segment) };
        assert_eq!(Standing::of(&off, off.created_at), Standing::Off);
    }

    #[test]
    fn every_word_has_its_rule() {
        for standing in [Standing::Off, Standing::New, Standing::Failing, Standing::Silent(30), Standing::Fine] {
            assert!(RULES.iter().any(|(word, _)| standing.word().starts_with(word)), "{standing:?}");
        }
        assert_eq!(Standing::Silent(24).word(), "Silent for 24 hours");
        assert_eq!(Standing::Silent(50).word(), "Silent for 2 days");
    }
}
