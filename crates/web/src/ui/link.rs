//! Addresses with a query: the state of a list lives in its URL, and every chip, column and page number is a link to
//! the same list with one thing changed.
//!
//! A [`Link`] keeps its parameters in order so that the same state is always the same URL. Fragments (`#`) and absolute
//! URLs are absent; pages link within the site.

use std::fmt;

/// A path of this site with query parameters; `Display` writes it percent-encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    path: String,
    parameters: Vec<(String, String)>,
}

impl Link {
    /// Starts a link to `path` without parameters.
    pub fn to(path: impl Into<String>) -> Self {
        Self { path: path.into(), parameters: Vec::new() }
    }

    /// Sets a parameter in place, or appends it; an empty value removes it, so that defaults stay out of the URL.
    #[must_use]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "numbers and words are written in place; an & before each says nothing"
    )]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        let value = value.to_string();
        if value.is_empty() {
            return self.without(name);
        }
        match self.parameters.iter_mut().find(|(key, _)| key == name) {
            Some((_, old)) => *old = value,
            None => self.parameters.push((name.to_owned(), value)),
        }
        self
    }

    /// Removes a parameter.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.parameters.retain(|(key, _)| key != name);
        self
    }

    /// The parameters in order, for hidden fields of a form that must keep them.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The path without parameters, for a form's action.
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        for (position, (name, value)) in self.parameters.iter().enumerate() {
            f.write_str(if position == 0 { "?" } else { "&" })?;
            encode(f, name)?;
            f.write_str("=")?;
            encode(f, value)?;
        }
        Ok(())
    }
}

/// Writes one component as `application/x-www-form-urlencoded` (WHATWG URL, section 5.2).
fn encode(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => write!(f, "{}", byte as char)?,
            b' ' => f.write_str("+")?,
            _ => write!(f, "%{byte:02X}")?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changing_one_parameter_keeps_the_others_in_order() {
        let list = Link::to("/accounts").with("q", "bank & co").with("sort", "arr").with("page", 3);
        assert_eq!(list.to_string(), "/accounts?q=bank+%26+co&sort=arr&page=3");
        assert_eq!(list.clone().with("sort", "name").without("page").to_string(), "/accounts?q=bank+%26+co&sort=name");
        assert_eq!(list.with("q", "").to_string(), "/accounts?sort=arr&page=3");
    }

    #[test]
    fn what_a_member_types_cannot_leave_its_parameter() {
        assert_eq!(Link::to("/a").with("q", "x&y=1#ü\"").to_string(), "/a?q=x%26y%3D1%23%C3%BC%22");
    }
}
