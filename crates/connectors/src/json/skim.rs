//! The skimmer cuts an object or a list into the raw texts of its parts without
//! understanding them: brackets are counted and strings are stepped over, nothing
//! is built. What it returns may still be broken inside; that is found, and
//! blamed on the right part, when the part is parsed.

use std::borrow::Cow;

use super::JsonError;
use super::read::Reader;

/// The members of the object that fills `text`, each with the raw text of its value.
pub fn members(text: &str) -> Result<Vec<(Cow<'_, str>, &str)>, JsonError> {
    let mut reader = Reader { text, at: 0, stripped_nul: false };
    reader.blanks();
    reader.expect(b'{', "expected an object")?;
    let mut found = Vec::new();
    loop {
        reader.blanks();
        if found.is_empty() && reader.peek() == Some(b'}') {
            break;
        }
        let key = reader.key()?;
        found.push((key, raw_value(&mut reader)?));
        reader.blanks();
        if reader.peek() != Some(b',') {
            break;
        }
        reader.at += 1;
    }
    reader.expect(b'}', "expected `,` or `}`")?;
    end(reader)?;
    Ok(found)
}

/// The raw texts of the items of the list that fills `text`, at most `limit` + 1 of
/// them: one more than `limit` says that there are too many without building them all.
pub fn elements(text: &str, limit: usize) -> Result<Vec<&str>, JsonError> {
    let mut reader = Reader { text, at: 0, stripped_nul: false };
    reader.blanks();
    reader.expect(b'[', "expected a list")?;
    let mut found = Vec::new();
    loop {
        reader.blanks();
        if found.is_empty() && reader.peek() == Some(b']') {
            break;
        }
        found.push(raw_value(&mut reader)?);
        if found.len() > limit {
            return Ok(found);
        }
        reader.blanks();
        if reader.peek() != Some(b',') {
            break;
        }
        reader.at += 1;
    }
    reader.expect(b']', "expected `,` or `]`")?;
    end(reader)?;
    Ok(found)
}

fn end(mut reader: Reader<'_>) -> Result<(), JsonError> {
    reader.blanks();
    if reader.at < reader.text.len() {
        return Err(reader.error("more text after the value"));
    }
    Ok(())
}

/// Steps over one value and returns its text.
fn raw_value<'a>(reader: &mut Reader<'a>) -> Result<&'a str, JsonError> {
    reader.blanks();
    let start = reader.at;
    let mut depth = 0_usize;
    loop {
        match reader.peek() {
            Some(b'"') => quoted(reader)?,
            Some(b'{' | b'[') => {
                depth += 1;
                reader.at += 1;
            }
            Some(b'}' | b']') if depth > 0 => {
                depth -= 1;
                reader.at += 1;
            }
            Some(b',' | b':') if depth > 0 => reader.at += 1,
            Some(b',' | b'}' | b']' | b':') | None => break,
            Some(b' ' | b'\t' | b'\n' | b'\r') => reader.blanks(),
            Some(_) => scalar(reader),
        }
        if depth == 0 {
            break;
        }
    }
    if depth > 0 {
        return Err(reader.error("the text ends inside a value"));
    }
    if reader.at == start {
        return Err(reader.error("expected a value"));
    }
    Ok(&reader.text[start..reader.at])
}

fn scalar(reader: &mut Reader<'_>) {
    let ends = |byte: u8| matches!(byte, b',' | b':' | b'{' | b'}' | b'[' | b']' | b'"' | b' ' | b'\t' | b'\n' | b'\r');
    while reader.peek().is_some_and(|byte| !ends(byte)) {
        reader.at += 1;
    }
}

/// Steps over a string.
fn quoted(reader: &mut Reader<'_>) -> Result<(), JsonError> {
    reader.at += 1;
    loop {
        let rest = &reader.text.as_bytes()[reader.at..];
        let Some(stop) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\')) else {
            return Err(reader.error("a string that never ends"));
        };
        if rest[stop] == b'"' {
            reader.at += stop + 1;
            return Ok(());
        }
        reader.at = (reader.at + stop + 2).min(reader.text.len());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_object_is_cut_into_members() {
        let found = members(r#" {"batch" : [1, {"a":"]}"}], "sentAt":"x\"y", "n":-1.5e3 } "#).unwrap();
        let plain: Vec<_> = found.iter().map(|(key, raw)| (key.as_ref(), *raw)).collect();
        assert_eq!(plain, [("batch", r#"[1, {"a":"]}"}]"#), ("sentAt", r#""x\"y""#), ("n", "-1.5e3")]);
        assert!(members("{}").unwrap().is_empty());
    }

    #[test]
    fn a_list_is_cut_into_items_even_when_one_is_broken_inside() {
        let found = elements(r#"[{"a":tru}, {"b":1}, "x", [[]]]"#, 10).unwrap();
        assert_eq!(found, [r#"{"a":tru}"#, r#"{"b":1}"#, r#""x""#, "[[]]"]);
        assert!(elements("[ ]", 10).unwrap().is_empty());
    }

    #[test]
    fn a_long_list_stops_at_the_limit() {
        assert_eq!(elements("[1,2,3,4,5", 2).unwrap(), ["1", "2", "3"]);
    }

    #[test]
    fn broken_outsides_are_refused() {
        for text in ["", "[", "[1", "[1 2]", "[1,]", "[1]]", "[\"a]", "{}", "[{]", "[\"\\"] {
            assert!(elements(text, 9).is_err(), "{text}");
        }
        for text in ["", "{", "{\"a\"}", "{\"a\":}", "{\"a\":1", "{\"a\":1}x", "[]", "{a:1}"] {
            assert!(members(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<String>(), jumble in "[\\[\\]{}:,\"\\\\ a1\u{e9}]{0,30}") {
            for text in [&text, &jumble] {
                let _ = members(text);
                let _ = elements(text, 5);
            }
        }

        #[test]
        fn cutting_and_joining_gives_the_list_back(items in prop::collection::vec(any::<(i64, String)>(), 0..8)) {
            let text = serde_json::to_string(&items).unwrap();
            let parts = elements(&text, 100).unwrap();
            prop_assert_eq!(format!("[{}]", parts.join(",")), text);
        }
    }
}
