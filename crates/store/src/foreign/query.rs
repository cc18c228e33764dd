//! What can be said of an admin's query without asking any database: whether it is one statement that reads, and, where
//! its list of columns is plain, which columns it gives. Deliberately absent: understanding SQL; whatever is not plain
//! is left for the database to judge.

/// Words that begin a statement that reads.
const READS: [&str; 4] = ["select", "with", "values", "table"];

/// Words after the list of columns.
const AFTER_COLUMNS: [&str; 14] = [
    "from",
    "where",
    "group",
    "having",
    "window",
    "order",
    "limit",
    "offset",
    "fetch",
    "union",
    "intersect",
    "except",
    "for",
    "into",
];

/// A piece of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// A word or a number, in lower case, as the database reads it.
    Word(String),
    /// A quoted name.
    Name(String),
    /// A text.
    Text,
    /// Any other sign.
    Sign(char),
}

/// Why a text is not one statement that reads, as the end of a sentence.
pub(super) fn fault(query: &str) -> Option<String> {
    let tokens = match tokens(query) {
        Ok(tokens) => tokens,
        Err(what) => return Some(format!("{what} is never closed")),
    };
    let statements = tokens.split(|token| *token == Token::Sign(';')).filter(|tokens| !tokens.is_empty());
    let statements: Vec<&[Token]> = statements.collect();
    match statements.as_slice() {
        [] => Some("it says nothing: write one SELECT".to_owned()),
        [only] => match &only[0] {
            Token::Word(word) if READS.contains(&word.as_str()) => None,
            Token::Sign('(') => None,
            Token::Word(word) => Some(format!("`{word}` does not begin a statement that only reads: write one SELECT")),
            _ => Some("it does not begin with a word: write one SELECT".to_owned()),
        },
        many => Some(format!("these are {} statements: write one SELECT", many.len())),
    }
}

/// The columns a query gives, if its list of them is plain.
pub(super) fn columns(query: &str) -> Option<Vec<String>> {
    let tokens = tokens(query).ok()?;
    let word = |at: usize| match tokens.get(at) {
        Some(Token::Word(word)) => word.as_str(),
        _ => "",
    };
    if word(0) != "select" || word(1) == "distinct" && word(2) == "on" {
        return None;
    }
    let begin = if matches!(word(1), "distinct" | "all") { 2 } else { 1 };
    let (mut depth, mut items, mut item) = (0_usize, Vec::new(), Vec::new());
    for token in &tokens[begin..] {
        match token {
            Token::Sign('(' | '[') => depth += 1,
            Token::Sign(')' | ']') => depth = depth.checked_sub(1)?,
            Token::Sign(',') if depth == 0 => {
                items.push(std::mem::take(&mut item));
                continue;
            }
            Token::Sign(';') => break,
            Token::Word(word) if depth == 0 && AFTER_COLUMNS.contains(&word.as_str()) => break,
            _ => {}
        }
        item.push(token.clone());
    }
    items.push(item);
    items.iter().map(|item| name(item)).collect()
}

/// What a column is called: by its alias, or as the column it is.
fn name(item: &[Token]) -> Option<String> {
    let called = |token: &Token| match token {
        Token::Word(word) if !word.starts_with(|first: char| first.is_ascii_digit()) => Some(word.clone()),
        Token::Name(name) => Some(name.clone()),
        _ => None,
    };
    let (last, before) = item.split_last()?;
    if before.last() == Some(&Token::Word("as".to_owned())) {
        return called(last);
    }
    let is_column = |tokens: &[Token]| {
        let known = tokens.iter().enumerate().all(|(at, token)| match at % 2 {
            0 => called(token).is_some(),
            _ => *token == Token::Sign('.'),
        });
        tokens.len() % 2 == 1 && known
    };
    // Some words alone are values.
    let is_value =
        |token: &Token| matches!(token, Token::Word(word) if matches!(word.as_str(), "null" | "true" | "false"));
    (is_column(item) && !is_value(last) || is_column(before) && before != [Token::Word("not".to_owned())])
        .then(|| called(last))?
}

/// The pieces of a query without its comments; else what of it is never closed.
fn tokens(query: &str) -> Result<Vec<Token>, &'static str> {
    let mut tokens = Vec::new();
    let mut rest = query;
    while let Some(first) = rest.chars().next() {
        if let Some(comment) = rest.strip_prefix("--") {
            rest = comment.split_once('\n').map_or("", |(_, after)| after);
        } else if rest.starts_with("/*") {
            rest = after_comment(rest).ok_or("a comment")?;
        } else if first == '\'' {
            rest = after_quote(&rest[1..], '\'').ok_or("a text")?.1;
            tokens.push(Token::Text);
        } else if first == '"' {
            let (name, after) = after_quote(&rest[1..], '"').ok_or("a quoted name")?;
            tokens.push(Token::Name(name));
            rest = after;
        } else if let Some((tag, body)) = dollar(rest) {
            rest = body.split_once(tag).ok_or("a text between dollars")?.1;
            tokens.push(Token::Text);
        } else if first.is_alphanumeric() || first == '_' {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '$').unwrap_or(rest.len());
            tokens.push(Token::Word(rest[..end].to_lowercase()));
            rest = &rest[end..];
        } else {
            if !first.is_whitespace() {
                tokens.push(Token::Sign(first));
            }
            rest = &rest[first.len_utf8()..];
        }
    }
    Ok(tokens)
}

/// What follows a comment, which may hold others.
fn after_comment(text: &str) -> Option<&str> {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        match text.get(at..at + 2) {
            Some("/*") => (depth, at) = (depth + 1, at + 2),
            Some("*/") => (depth, at) = (depth - 1, at + 2),
            _ => at += text[at..].chars().next()?.len_utf8(),
        }
        if depth == 0 {
            return text.get(at..);
        }
    }
    None
}

/// What stands before a closing quote, in which a doubled one is one, and what follows it.
fn after_quote(text: &str, quote: char) -> Option<(String, &str)> {
    let mut inside = String::new();
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        if letter != quote {
            inside.push(letter);
        } else if letters.next_if(|(_, next)| *next == quote).is_some() {
            inside.push(quote);
        } else {
            return Some((inside, &text[at + quote.len_utf8()..]));
        }
    }
    None
}

/// The tag of a text between dollars, and what follows it.
fn dollar(text: &str) -> Option<(&str, &str)> {
    let tag = text.strip_prefix('$')?;
    let end = tag.find('$')?;
    let plain = tag[..end].chars().all(|letter| letter.is_alphanumeric() || letter == '_');
    (plain && !tag.starts_with(|first: char| first.is_ascii_digit())).then(|| text.split_at(end + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_statement_that_reads_is_told_from_all_others() {
        for query in [
            "select * from orgs;",
            "-- all of them\nSELECT ';' || $x$ ; $x$ FROM orgs /* ; /* ; */ */",
            "with a as (select 1 as id) select * from a",
            "(select 1) union (select 2)",
            "table orgs",
        ] {
            assert_eq!(fault(query), None, "{query}");
        }
        for (query, because) in [
            ("drop table orgs", "`drop` does not begin a statement that only reads: write one SELECT"),
            ("select 1; delete from orgs", "these are 2 statements: write one SELECT"),
            ("-- nothing\n ;", "it says nothing: write one SELECT"),
            ("'select'", "it does not begin with a word: write one SELECT"),
            ("select 'o from orgs", "a text is never closed"),
            ("select \"id from orgs", "a quoted name is never closed"),
            ("select 1 /* all", "a comment is never closed"),
            ("select $q$ all", "a text between dollars is never closed"),
        ] {
            assert_eq!(fault(query).as_deref(), Some(because), "{query}");
        }
    }

    #[test]
    fn plain_columns_are_known_and_nothing_is_guessed_of_others() {
        let all = |query: &str| columns(query).map(|columns| columns.join(" "));
        for (query, known) in [
            ("select Id, o.name, o.\"Updated At\" from orgs o", "id name Updated At"),
            ("select distinct id, count(*) as seats, a + b \"Sum\" from orgs", ""),
            ("select id, count(*) as seats, coalesce(a, 'x, y') AS b from orgs group by 1", "id seats b"),
            ("select id mrr, null as gone", "mrr gone"),
            ("select * from orgs", ""),
            ("select o.* from orgs o", ""),
            ("select id::text from orgs", ""),
            ("select count(*) from orgs", ""),
            ("select null, 1", ""),
            ("select case when a then b end from orgs", ""),
            ("select not a from orgs", ""),
            ("with a as (select 1 as id) select id from a", ""),
        ] {
            assert_eq!(all(query).unwrap_or_default(), known, "{query}");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_typed_panics(query in ".{0,60}", more in "(select|/\\*|\\*/|\"|'|\\$|,|as|\\)|\\(| ){0,12}") {
            let _ = (fault(&query), columns(&format!("select {more} {query}")));
        }
    }
}
