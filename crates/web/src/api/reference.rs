//! `/api`: the API's description as a page for people, read offline like every other page.
//!
//! It is drawn from the same document that programs read, so the two cannot differ. Absent: trying operations out from
//! the page, which would need a key in a browser.

use maud::{Markup, html};
use serde_json::Value;

use super::document::DOCUMENT;
use crate::ui::shell;

/// `GET /api`.
pub async fn page() -> Markup {
    let document = serde_json::to_value(&*DOCUMENT).unwrap_or_default();
    let operations = operations(&document);
    shell::bare(
        "API",
        &html! { div.reference {
            h1 { "API" }
            @for paragraph in text(&document["info"], "description").split("\n\n") { p { (emphasised(paragraph)) } }
            p { a href="/api/openapi.json" { "OpenAPI 3.1 document" } }
            nav aria-label="Resources" { ul {
                @for tag in tags(&operations) { li { a href=(format!("#{tag}")) { (tag) } } }
            } }
            @for tag in tags(&operations) {
                section id=(tag) aria-labelledby=(format!("{tag}-title")) {
                    h2 id=(format!("{tag}-title")) { (tag) }
                    @for operation in operations.iter().filter(|operation| operation.tag == tag) { (one(operation)) }
                }
            }
            h2 #schemas { "Schemas" }
            @for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
                (schema_table(name, schema))
            }
        } },
    )
}

/// An operation of the document, taken apart for drawing.
struct Drawn<'a> {
    method: String,
    path: &'a str,
    tag: &'a str,
    body: &'a Value,
}

fn operations(document: &Value) -> Vec<Drawn<'_>> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths
        .flat_map(|(path, item)| item.as_object().into_iter().flatten().map(move |(method, body)| (path, method, body)))
        .map(|(path, method, body)| Drawn { method: method.to_uppercase(), path, tag: text(&body["tags"], "0"), body })
        .collect()
}

fn tags<'a>(operations: &[Drawn<'a>]) -> Vec<&'a str> {
    let mut tags = Vec::new();
    for operation in operations {
        if !tags.contains(&operation.tag) {
            tags.push(operation.tag);
        }
    }
    tags
}

fn one(operation: &Drawn<'_>) -> Markup {
    let parameters = operation.body["parameters"].as_array().map_or(&[][..], Vec::as_slice);
    html! {
        article id=(text(operation.body, "operationId")) {
            h3 { (text(operation.body, "summary")) }
            p { code { (operation.method) " " (operation.path) } }
            p.muted { (emphasised(text(operation.body, "description"))) }
            @if !parameters.is_empty() {
                div.scroll tabindex="0" role="region" aria-label=(format!("Parameters of {}", text(operation.body, "operationId"))) { table.table {
                    caption.vh { "Parameters" }
                    thead { tr { th scope="col" { "Parameter" } th scope="col" { "In" } th scope="col" { "Meaning" } } }
                    tbody { @for parameter in parameters { tr {
                        th scope="row" { code { (text(parameter, "name")) } }
                        td { (text(parameter, "in")) }
                        td { (text(parameter, "description")) }
                    } } }
                } }
            }
            @if let Some(body) = content(&operation.body["requestBody"]) { p { "Body: " (body) } }
            @for (status, answer) in operation.body["responses"].as_object().into_iter().flatten() {
                @if status.starts_with('2') {
                    p { "Answers " code { (status) } @if let Some(body) = content(answer) { ": " (body) } }
                }
            }
        }
    }
}

fn schema_table(name: &str, schema: &Value) -> Markup {
    let required = schema["required"].as_array().map_or(&[][..], Vec::as_slice);
    html! {
        section id=(format!("schema-{name}")) {
            h3 { code { (name) } }
            @let about = text(schema, "description");
            @if !about.is_empty() { p { (about) } }
            div.scroll tabindex="0" role="region" aria-label=(format!("Fields of {name}")) { table.table {
                caption.vh { "Fields of " (name) }
                thead { tr { th scope="col" { "Field" } th scope="col" { "Type" } th scope="col" { "Meaning" } } }
                tbody { @for (field, kind) in schema["properties"].as_object().into_iter().flatten() { tr {
                    th scope="row" {
                        code { (field) }
                        @if !required.iter().any(|name| name == field) { small.muted { " optional" } }
                    }
                    td { (kind_of(kind)) }
                    td { (text(kind, "description")) }
                } } }
            } }
        }
    }
}

/// The schema of a body, as a link.
fn content(holder: &Value) -> Option<Markup> {
    let (media, content) = holder["content"].as_object()?.iter().next()?;
    Some(html! { (kind_of(&content["schema"])) " (" code { (media) } ")" })
}

/// A type in words; a reference is a link to its table.
fn kind_of(schema: &Value) -> Markup {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        return html! { a href=(format!("#schema-{name}")) { code { (name) } } };
    }
    if let Some(words) = schema["enum"].as_array() {
        return html! { @for (at, word) in words.iter().enumerate() { @if at > 0 { " | " } code { (word.as_str().unwrap_or_default()) } } };
    }
    let either = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array());
    if let Some(either) = either {
        return html! { @for (at, kind) in either.iter().enumerate() { @if at > 0 { " or " } (kind_of(kind)) } };
    }
    match &schema["type"] {
        Value::String(kind) if kind == "array" => html! { "list of " (kind_of(&schema["items"])) },
        Value::String(kind) => html! { (kind) @if let Some(format) = schema["format"].as_str() { " (" (format) ")" } },
        Value::Array(kinds) => {
            let words: Vec<_> = kinds.iter().filter_map(Value::as_str).collect();
            html! { (words.join(" or ")) @if let Some(format) = schema["format"].as_str() { " (" (format) ")" } }
        }
        _ => html! { "any" },
    }
}

fn text<'a>(holder: &'a Value, field: &str) -> &'a str {
    match field.parse::<usize>() {
        Ok(at) => holder[at].as_str().unwrap_or_default(),
        Err(_) => holder[field].as_str().unwrap_or_default(),
    }
}

/// Text with `code` and **strong** words marked up; everything else is escaped as ever.
fn emphasised(text: &str) -> Markup {
    html! {
        @for (at, part) in text.split('`').enumerate() {
            @if at % 2 == 1 { code { (part) } } @else {
                @for (at, part) in part.split("**").enumerate() { @if at % 2 == 1 { strong { (part) } } @else { (part) } }
            }
        }
    }
}
