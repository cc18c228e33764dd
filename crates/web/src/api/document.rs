//! The API's description, OpenAPI 3.1, made from the route table and the handlers' types.
//!
//! Paths, methods and permissions come from the table; parameters, bodies and answers from the signatures. Every
//! operation also tells of the problems the gate can answer with. Absent: pages and the senders' paths, which follow
//! other conventions.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use domain::access::{Action, scope_for};
use utoipa::openapi::content::Content;
use utoipa::openapi::path::{HttpMethod, Operation, OperationBuilder, ParameterBuilder, ParameterIn, PathsBuilder};
use utoipa::openapi::schema::{Ref, Schema};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, ObjectBuilder, OpenApi, OpenApiBuilder, PathItem, RefOr, ResponseBuilder,
    ResponsesBuilder, Type,
};
use utoipa::{PartialSchema, ToSchema};

use super::operation::{NamedSchema, Sketch, path_parameter};
use crate::problem::{FieldFault, ProblemBody};
use crate::route::{Csrf, Rate, Route, Take, table};

/// The document, made once.
pub static DOCUMENT: LazyLock<OpenApi> = LazyLock::new(document);

/// The document as it is sent.
static TEXT: LazyLock<String> = LazyLock::new(|| DOCUMENT.to_json().unwrap_or_default());

/// `GET /api/openapi.json`.
pub async fn json() -> Response {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")], TEXT.as_str()).into_response()
}

fn document() -> OpenApi {
    let mut schemas: Vec<NamedSchema> =
        vec![("Problem".to_owned(), ProblemBody::schema()), (FieldFault::name().into_owned(), FieldFault::schema())];
    let mut paths = PathsBuilder::new();
    for route in table() {
        let Some(described) = route.operation else { continue };
        let mut sketch = Sketch::default();
        (described.sketch)(&mut sketch);
        schemas.append(&mut sketch.schemas);
        let operation = operation(route, described.summary, sketch);
        paths = paths.path(route.path, PathItem::new(method(route), operation));
    }
    schemas.sort_by(|a, b| a.0.cmp(&b.0));
    schemas.dedup_by(|a, b| a.0 == b.0);
    let bearer = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("pom_…").build());
    let components = ComponentsBuilder::new().schemas_from_iter(schemas).security_scheme("token", bearer).build();
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Pomona")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(include_str!("about.md")))
                .build(),
        )
        .paths(paths.build())
        .components(Some(components))
        .security(Some([SecurityRequirement::new("token", Vec::<String>::new())]))
        .build()
}

fn operation(route: &Route, summary: &str, sketch: Sketch) -> Operation {
    let names = route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let path = names.zip(sketch.path).map(|(name, kind)| path_parameter(name, kind));
    let mut operation = OperationBuilder::new()
        .tag(tag(route.path))
        .summary(Some(summary))
        .description(Some(needs(route.rule.action)))
        .operation_id(Some(operation_id(route)))
        .parameters(Some(path.chain(sketch.query)))
        .request_body(sketch.body);
    if *route.method == axum::http::Method::POST {
        operation = operation.parameter(
            ParameterBuilder::new()
                .name("Idempotency-Key")
                .parameter_in(ParameterIn::Header)
                .description(Some("A word of your choice; a repeat with the same word has no second effect."))
                .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
                .build(),
        );
    }
    let mut responses = ResponsesBuilder::new();
    if let Some((status, answer)) = sketch.answer {
        responses = responses.response(status.as_str(), answer);
    }
    for (status, description) in problems(route) {
        let content = Content::new(Some(RefOr::<Schema>::Ref(Ref::from_schema_name("Problem"))));
        let answer = ResponseBuilder::new().description(description).content("application/problem+json", content);
        responses = responses.response(status, answer.build());
    }
    operation.responses(responses.build()).build()
}

/// What the gate and the handler can answer besides success.
fn problems(route: &Route) -> Vec<(&'static str, &'static str)> {
    let mut problems = vec![
        ("400", "The request cannot be read."),
        ("401", "The key is missing, unknown, expired or withdrawn."),
        ("403", "The role or the scope does not permit this."),
        ("429", "Too many requests; `Retry-After` says when to come back."),
        ("500", "A defect on our side, logged under the request id."),
        ("503", "Something we need is away; `Retry-After` says when to come back."),
    ];
    if route.path.contains('{') {
        problems.push(("404", "There is no such thing, or none that you may see."));
    }
    if route.rule.take != Take::Nothing {
        problems.extend([
            ("408", "The body did not arrive in time."),
            ("413", "The body, decoded, is too large."),
            ("415", "The body is not of the expected kind."),
        ]);
    }
    if route.rule.csrf != Csrf::Safe {
        problems.push(("409", "Something else is there already or changed at the same moment."));
    }
    let asks = route.rule.csrf != Csrf::Safe || route.rule.rate == Rate::Heavy || !route.path.contains('{');
    if asks || route.path.contains("/accounts/{id}") {
        problems.push(("422", "A field is not acceptable; `fields` says which and why."));
    }
    problems.sort_unstable();
    problems
}

fn needs(action: Action) -> String {
    scope_for(action).map_or_else(
        || "A token cannot do this; sign in.".to_owned(),
        |scope| format!("Needs the scope `{}`.", scope.as_str()),
    )
}

/// The resource a path is about, for grouping: the part after the version, or after the account.
pub fn tag(path: &str) -> &str {
    let parts: Vec<_> = path.trim_start_matches("/api/v1/").split('/').collect();
    match parts.as_slice() {
        [_, "{id}", below, ..] if *below != "rotate" && *below != "tasks" => below,
        [resource, ..] => resource,
        [] => "api",
    }
}

/// A stable name for generated clients: `get_accounts_by_id_health`.
fn operation_id(route: &Route) -> String {
    let method = route.method.as_str().to_lowercase();
    let words = route.path.trim_start_matches("/api/v1/").split('/').map(|part| {
        part.strip_prefix('{')
            .and_then(|part| part.strip_suffix('}'))
            .map_or(part.to_owned(), |name| format!("by_{name}"))
    });
    std::iter::once(method).chain(words).collect::<Vec<_>>().join("_")
}

fn method(route: &Route) -> HttpMethod {
    match route.method.as_str() {
        "POST" => HttpMethod::Post,
        "PUT" => HttpMethod::Put,
        "PATCH" => HttpMethod::Patch,
        "DELETE" => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_reference_leads_somewhere_and_every_operation_is_there() {
        let text = serde_json::to_value(&*DOCUMENT).unwrap();
        assert_eq!(text["openapi"], "3.1.0");
        let schemas = text["components"]["schemas"].as_object().unwrap();
        let mut references = BTreeSet::new();
        collect(&text, &mut references);
        for reference in references {
            let name = reference.strip_prefix("#/components/schemas/").unwrap();
            assert!(schemas.contains_key(name), "nothing is called {name}");
        }
        for route in table().filter(|route| route.operation.is_some()) {
            let method = route.method.as_str().to_lowercase();
            assert!(text["paths"][route.path][&method].is_object(), "{} {}", route.method, route.path);
        }
    }

    fn collect(value: &serde_json::Value, into: &mut BTreeSet<String>) {
        match value {
            serde_json::Value::Object(map) => {
                if let Some(reference) = map.get("$ref").and_then(serde_json::Value::as_str) {
                    into.insert(reference.to_owned());
                }
                map.values().for_each(|value| collect(value, into));
            }
            serde_json::Value::Array(items) => items.iter().for_each(|value| collect(value, into)),
            _ => {}
        }
    }

    #[test]
    fn operations_have_distinct_names() {
        let names = table().filter(|route| route.operation.is_some()).map(operation_id);
        let mut seen = BTreeSet::new();
        for name in names {
            assert!(seen.insert(name.clone()), "{name} is there twice");
        }
        assert!(seen.contains("get_accounts_by_id_health"));
    }
}
