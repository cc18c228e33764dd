//! The reader: text in, [`Document`] out. It is strict about structure and
//! numbers, and forgiving about text: raw control characters pass, a lone
//! surrogate becomes U+FFFD, and NUL, which no database of ours can hold, is
//! taken out and reported. Nesting is limited to [`MAX_DEPTH`] so that neither
//! reading nor dropping a value can exhaust the stack.

use std::borrow::Cow;

use super::{JsonError, Members, Value};

/// Levels of nesting a value may have.
pub const MAX_DEPTH: usize = 128;

/// A parsed text.
#[derive(Debug, Clone, PartialEq)]
pub struct Document<'a> {
    /// The value.
    pub value: Value<'a>,
    /// Whether NUL characters were taken out of its strings.
    pub stripped_nul: bool,
}

/// Parses one JSON value that fills the whole text.
pub fn parse(text: &str) -> Result<Document<'_>, JsonError> {
    let mut reader = Reader { text, at: 0, stripped_nul: false };
    let value = reader.value(0)?;
    reader.blanks();
    if reader.at < text.len() {
        return Err(reader.error("more text after the value"));
    }
    Ok(Document { value, stripped_nul: reader.stripped_nul })
}

/// A position in a text.
pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    pub(super) stripped_nul: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn error(&self, what: &'static str) -> JsonError {
        JsonError { at: self.at, what }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Moves past white space.
    pub(super) fn blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Moves past `wanted`, or fails with `what`.
    pub(super) fn expect(&mut self, wanted: u8, what: &'static str) -> Result<(), JsonError> {
        if self.peek() != Some(wanted) {
            return Err(self.error(what));
        }
        self.at += 1;
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Result<Value<'a>, JsonError> {
        if depth >= MAX_DEPTH {
            return Err(self.error("nested too deeply"));
        }
        self.blanks();
        match self.peek() {
            None => Err(self.error("the text ends where a value should be")),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => Ok(Value::Text(self.string()?)),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(_) => self.number(),
        }
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Result<Value<'a>, JsonError> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(self.error("expected a value"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn object(&mut self, depth: usize) -> Result<Value<'a>, JsonError> {
        self.at += 1;
        let mut members = Members::default();
        loop {
            self.blanks();
            if members.is_empty() && self.peek() == Some(b'}') {
                break;
            }
            let key = self.key()?;
            let value = self.value(depth + 1)?;
            members.push(key, value);
            self.blanks();
            if self.peek() != Some(b',') {
                break;
            }
            self.at += 1;
        }
        self.expect(b'}', "expected `,` or `}`")?;
        Ok(Value::Object(members))
    }

    /// Reads a member name and its colon.
    pub(super) fn key(&mut self) -> Result<Cow<'a, str>, JsonError> {
        if self.peek() != Some(b'"') {
            return Err(self.error("expected a member name in quotes"));
        }
        let key = self.string()?;
        self.blanks();
        self.expect(b':', "expected `:` after the member name")?;
        Ok(key)
    }

    fn array(&mut self, depth: usize) -> Result<Value<'a>, JsonError> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.blanks();
            if items.is_empty() && self.peek() == Some(b']') {
                break;
            }
            items.push(self.value(depth + 1)?);
            self.blanks();
            if self.peek() != Some(b',') {
                break;
            }
            self.at += 1;
        }
        self.expect(b']', "expected `,` or `]`")?;
        Ok(Value::Array(items))
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self) -> Result<Value<'a>, JsonError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let leading_zero = self.peek() == Some(b'0');
        let whole = self.digits();
        if whole == 0 || (leading_zero && whole > 1) {
            self.at = start;
            return Err(self.error("expected a value"));
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return Err(self.error("expected digits after the decimal point"));
            }
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(self.error("expected digits in the exponent"));
            }
        }
        Ok(Value::Number(&self.text[start..self.at]))
    }

    /// Reads a string that starts at the current quote.
    fn string(&mut self) -> Result<Cow<'a, str>, JsonError> {
        let start = self.at + 1;
        let rest = &self.text.as_bytes()[start..];
        let Some(plain) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0)) else {
            return Err(self.error("a string that never ends"));
        };
        self.at = start + plain;
        if rest[plain] == b'"' {
            self.at += 1;
            return Ok(Cow::Borrowed(&self.text[start..start + plain]));
        }
        let mut out = self.text[start..self.at].to_owned();
        self.escaped(&mut out)?;
        Ok(Cow::Owned(out))
    }

    /// The rest of a string that holds escapes or NUL, up to and past its closing quote.
    fn escaped(&mut self, out: &mut String) -> Result<(), JsonError> {
        loop {
            let rest = &self.text.as_bytes()[self.at..];
            let Some(plain) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0)) else {
                return Err(self.error("a string that never ends"));
            };
            out.push_str(&self.text[self.at..self.at + plain]);
            self.at += plain + 1;
            match rest[plain] {
                b'"' => return Ok(()),
                b'\\' => self.escape(out)?,
                _ => self.stripped_nul = true,
            }
        }
    }

    fn escape(&mut self, out: &mut String) -> Result<(), JsonError> {
        let Some(letter) = self.peek() else {
            return Err(self.error("a string that never ends"));
        };
        let plain = match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                self.at += 1;
                return self.unicode(out);
            }
            _ => return Err(self.error("an escape JSON does not have")),
        };
        self.at += 1;
        out.push(plain);
        Ok(())
    }

    /// The four digits of `\u`, and those of a second escape when the first is half of a pair.
    fn unicode(&mut self, out: &mut String) -> Result<(), JsonError> {
        let first = self.hex()?;
        let after_first = self.at;
        let mut code = first;
        if (0xD800..0xDC00).contains(&first) && self.text.as_bytes()[self.at..].starts_with(b"\\u") {
            self.at += 2;
            let second = self.hex()?;
            if (0xDC00..0xE000).contains(&second) {
                code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
            } else {
                self.at = after_first;
            }
        }
        match char::from_u32(code) {
            Some('\0') => self.stripped_nul = true,
            Some(letter) => out.push(letter),
            None => out.push(char::REPLACEMENT_CHARACTER),
        }
        Ok(())
    }

    fn hex(&mut self) -> Result<u32, JsonError> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4);
        let code = digits.and_then(|digits| {
            digits.iter().try_fold(0, |code, digit| Some(code * 16 + char::from(*digit).to_digit(16)?))
        });
        let code = code.ok_or_else(|| self.error("expected four hexadecimal digits"))?;
        self.at += 4;
        Ok(code)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, written: &str) {
        assert_eq!(parse(text).map(|document| document.value.to_string()), Ok(written.to_owned()), "{text}");
    }

    #[track_caller]
    fn refuses(text: &str, what: &str) {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.contains(what), "{text}: {error}");
    }

    #[test]
    fn numbers_keep_their_digits() {
        check("123456789012345678901234567890", "123456789012345678901234567890");
        check("[2500.00, 0.1000000000000000055511151231257827]", "[2500.00,0.1000000000000000055511151231257827]");
        check("-0", "-0");
        check("1E400", "1E400");
    }

    #[test]
    fn text_is_forgiven() {
        check(r#""\ud83d\ude00""#, "\"\u{1F600}\"");
        check(r#""lone \ud83d here""#, "\"lone \u{FFFD} here\"");
        check(r#""\ud83d\u0041""#, "\"\u{FFFD}A\"");
        check("\"tab\there\"", r#""tab\there""#);
        check(r#""\/\b\f\n\r\t\\\"""#, r#""/\b\f\n\r\t\\\"""#);
    }

    #[test]
    fn nul_is_taken_out_and_reported() {
        let document = parse("{\"a\\u0000b\":\"x\\u0000y\"}").unwrap();
        assert!(document.stripped_nul);
        assert_eq!(document.value.to_string(), r#"{"ab":"xy"}"#);
        let raw = parse("\"x\0y\"").unwrap();
        assert!(raw.stripped_nul);
        assert_eq!(raw.value.to_string(), r#""xy""#);
        assert!(!parse(r#""plain""#).unwrap().stripped_nul);
    }

    #[test]
    fn faults_are_named() {
        refuses("", "the text ends");
        refuses("{\"a\":1,}", "member name");
        refuses("[1,]", "expected a value");
        refuses("{\"a\" 1}", "expected `:`");
        refuses("{\"a\":1", "expected `,` or `}`");
        refuses("\"abc", "never ends");
        refuses("\"\\x\"", "escape");
        refuses("\"\\u12g4\"", "hexadecimal");
        refuses("01", "expected a value");
        refuses("1.", "digits after");
        refuses("1e", "exponent");
        refuses("nul", "expected a value");
        refuses("{} {}", "more text");
        refuses("NaN", "expected a value");
    }

    #[test]
    fn depth_is_limited_but_generous() {
        let nested = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        assert!(parse(&nested(60)).is_ok());
        assert!(parse(&nested(MAX_DEPTH - 1)).is_ok());
        refuses(&nested(MAX_DEPTH), "too deeply");
        refuses(&nested(100_000), "too deeply");
    }

    #[test]
    fn the_last_of_repeated_keys_counts() {
        let document = parse(r#"{"a":1,"a":2}"#).unwrap();
        assert_eq!(document.value.get("a"), Some(&Value::Number("2")));
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>().prop_filter("JSON has no NaN", |x| x.is_finite()).prop_map(Into::into),
            "[^\0]{0,12}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::Array),
                prop::collection::hash_map("[a-z\"\\\\\u{e9}]{0,4}", inner, 0..6)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json(value in any_json()) {
            let text = value.to_string();
            let ours = parse(&text).unwrap().value.to_string();
            let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
            prop_assert_eq!(read(&ours), read(&text));
        }

        #[test]
        fn accepts_nothing_serde_json_refuses_and_never_panics(text in "[\\[\\]{}:,\"\\\\0-9eE+.tfnu a-]{0,24}") {
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            if let Err(error) = theirs && parse(&text).is_ok() {
                // The known kindnesses: lone surrogates and numbers beyond f64.
                let reason = error.to_string();
                prop_assert!(reason.contains("surrogate") || reason.contains("out of range")
                    || reason.contains("hex escape"), "{text}: {reason}");
            }
        }

        #[test]
        fn never_panics(text in any::<String>()) {
            let _ = parse(&text);
        }
    }
}
