//! The XML that spreadsheets write, cut into tags and texts. It forgives what it does not know and never fails: what
//! is no tag is text. Deliberately absent: namespaces, beyond dropping their prefixes, and everything a document type
//! can declare, which is where XML becomes dangerous.

use std::borrow::Cow;

/// One piece of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// `<c r="A1">`, or `<c r="A1"/>`, which an [`Piece::End`] follows too.
    Start(&'a str, &'a str),
    /// `</c>`.
    End(&'a str),
    /// Text between tags, unescaped.
    Text(Cow<'a, str>),
}

/// Cuts a document.
pub(super) struct Pieces<'a> {
    rest: &'a str,
    closing: Option<&'a str>,
}

/// The pieces of a document, in order.
pub(super) fn pieces(text: &str) -> Pieces<'_> {
    Pieces { rest: text, closing: None }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        if let Some(name) = self.closing.take() {
            return Some(Piece::End(name));
        }
        loop {
            let Some(after) = self.rest.strip_prefix('<') else {
                let (text, rest) = self.rest.split_at(self.rest.find('<').unwrap_or(self.rest.len()));
                self.rest = rest;
                return (!text.is_empty()).then(|| Piece::Text(unescaped(text)));
            };
            let (tag, rest) = after.split_at_checked(after.find('>')?)?;
            self.rest = &rest[1..];
            if tag.starts_with(['?', '!']) {
                continue;
            }
            if let Some(name) = tag.strip_prefix('/') {
                return Some(Piece::End(local(name.trim())));
            }
            let body = tag.strip_suffix('/').unwrap_or(tag);
            let (name, attributes) = body.split_once(char::is_whitespace).unwrap_or((body, ""));
            let name = local(name);
            self.closing = (body.len() < tag.len()).then_some(name);
            return Some(Piece::Start(name, attributes));
        }
    }
}

/// The value of an attribute, whatever its prefix.
pub(super) fn attribute<'a>(attributes: &'a str, wanted: &str) -> Option<Cow<'a, str>> {
    let mut rest = attributes;
    while let Some((name, after)) = rest.split_once('=') {
        let after = after.trim_start();
        let quote = after.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        let (value, behind) = after[1..].split_once(quote)?;
        if local(name.trim()) == wanted {
            return Some(unescaped(value));
        }
        rest = behind;
    }
    None
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let (entity, behind) = after.split_once(';').unwrap_or((after, ""));
        let number = entity.strip_prefix('#').and_then(|number| match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => number.parse().ok(),
        });
        match entity {
            "amp" => plain.push('&'),
            "lt" => plain.push('<'),
            "gt" => plain.push('>'),
            "quot" => plain.push('"'),
            "apos" => plain.push('\''),
            _ => plain.extend(number.and_then(char::from_u32)),
        }
        rest = behind;
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tags_texts_and_entities() {
        let found: Vec<_> = pieces("<?xml?><x:a r=\"A&amp;1\" s='2'>1 &lt; 2<b/></x:a>").collect();
        let attributes = "r=\"A&amp;1\" s='2'";
        assert_eq!(
            found,
            [
                Piece::Start("a", attributes),
                Piece::Text(Cow::Borrowed("1 < 2")),
                Piece::Start("b", ""),
                Piece::End("b"),
                Piece::End("a")
            ]
        );
        assert_eq!(attribute(attributes, "r").unwrap(), "A&1");
        assert_eq!(attribute(attributes, "s").unwrap(), "2");
        assert_eq!(attribute(attributes, "t"), None);
        assert_eq!(unescaped("&#228;&#x41;"), "äA");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[<>/=\"' a-z&;#!?]{0,60}") {
            for piece in pieces(&text) {
                if let Piece::Start(_, attributes) = piece {
                    attribute(attributes, "r");
                }
            }
        }
    }
}
