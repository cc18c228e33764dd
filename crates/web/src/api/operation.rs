//! How a handler's signature becomes its entry in the API's description.
//!
//! A [`Sketch`] collects what one operation takes and gives; extractors add to it through [`Asks`], answers through
//! [`Gives`], and [`sketch`] walks the types of a handler. So the description cannot drift from the code: there is no
//! second place that states a parameter. Absent: summaries and permissions, which stand in the route table.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Json, http};
use domain::Day;
use serde::Serialize;
use utoipa::openapi::content::Content;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{Ref, Schema};
use utoipa::openapi::{ObjectBuilder, RefOr, Required, Response as Answered, ResponseBuilder, Type};
use utoipa::{IntoParams, ToSchema};

use crate::extract::{At, Input, Params};
use crate::gate::Access;
use crate::problem::Answer;

/// A schema under its name in `components`.
pub type NamedSchema = (String, RefOr<Schema>);

/// What one operation takes and gives, as far as its types say.
#[derive(Default)]
pub struct Sketch {
    /// The types of the path's variable parts, in order.
    pub path: Vec<Type>,
    /// The query parameters.
    pub query: Vec<Parameter>,
    /// The request body.
    pub body: Option<RequestBody>,
    /// The answer's status and shape.
    pub answer: Option<(StatusCode, Answered)>,
    /// Every schema the above refer to.
    pub schemas: Vec<NamedSchema>,
}

impl std::fmt::Debug for Sketch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sketch").field("path", &self.path.len()).finish_non_exhaustive()
    }
}

impl Sketch {
    /// Refers to a schema by name and keeps it, and all it refers to, for `components`.
    pub fn refer<T: ToSchema>(&mut self) -> RefOr<Schema> {
        self.schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(&mut self.schemas);
        RefOr::Ref(Ref::from_schema_name(T::name()))
    }

    fn answer_json<T: ToSchema>(&mut self, status: StatusCode, description: &str) {
        let content = Content::new(Some(self.refer::<T>()));
        let answer = ResponseBuilder::new().description(description).content("application/json", content).build();
        self.answer = Some((status, answer));
    }
}

/// What an extractor adds to the description.
pub trait Asks {
    /// Adds parameters or a body; most extractors add nothing.
    fn describe(_: &mut Sketch) {}
}

impl Asks for Access {}
impl<S> Asks for State<S> {}

impl Asks for At<i64> {
    fn describe(sketch: &mut Sketch) {
        sketch.path.push(Type::Integer);
    }
}

impl Asks for At<(i64, i64)> {
    fn describe(sketch: &mut Sketch) {
        sketch.path.extend([Type::Integer, Type::Integer]);
    }
}

impl Asks for At<(i64, String)> {
    fn describe(sketch: &mut Sketch) {
        sketch.path.extend([Type::Integer, Type::String]);
    }
}

impl Asks for At<(i64, Day)> {
    fn describe(sketch: &mut Sketch) {
        sketch.path.extend([Type::Integer, Type::String]);
    }
}

impl Asks for At<String> {
    fn describe(sketch: &mut Sketch) {
        sketch.path.push(Type::String);
    }
}

impl<T: IntoParams> Asks for Params<T> {
    fn describe(sketch: &mut Sketch) {
        sketch.query.extend(T::into_params(|| Some(ParameterIn::Query)));
    }
}

impl<T: ToSchema> Asks for Input<T> {
    fn describe(sketch: &mut Sketch) {
        let content = Content::new(Some(sketch.refer::<T>()));
        let body = RequestBodyBuilder::new().content("application/json", content).required(Some(Required::True));
        sketch.body = Some(body.build());
    }
}

/// What an answer adds to the description.
pub trait Gives {
    /// Adds the status and the shape of success.
    fn describe(sketch: &mut Sketch);
}

impl<T: ToSchema> Gives for Json<T> {
    fn describe(sketch: &mut Sketch) {
        sketch.answer_json::<T>(StatusCode::OK, "Success.");
    }
}

/// The answer to a request that made something: 201, where it is, and what it is.
#[derive(Debug)]
pub struct Created<T> {
    /// The address of the new thing.
    pub location: String,
    /// The new thing.
    pub body: T,
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, [(http::header::LOCATION, self.location)], Json(self.body)).into_response()
    }
}

impl<T: ToSchema> Gives for Created<T> {
    fn describe(sketch: &mut Sketch) {
        sketch.answer_json::<T>(StatusCode::CREATED, "Made; `Location` says where it is.");
    }
}

/// The answer to a request that leaves nothing to say: 204.
#[derive(Clone, Copy, Debug)]
pub struct Done;

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

impl Gives for Done {
    fn describe(sketch: &mut Sketch) {
        sketch.answer = Some((StatusCode::NO_CONTENT, ResponseBuilder::new().description("Done.").build()));
    }
}

/// A handler whose arguments and answer describe themselves.
pub trait Described<T> {
    /// Adds everything the signature says.
    fn describe(sketch: &mut Sketch);
}

macro_rules! described {
    ($($argument:ident)*) => {
        impl<F, Fut, R, $($argument: Asks,)*> Described<($($argument,)*)> for F
        where
            F: Fn($($argument),*) -> Fut,
            Fut: Future<Output = Answer<R>>,
            R: Gives,
        {
            fn describe(sketch: &mut Sketch) {
                $($argument::describe(sketch);)*
                R::describe(sketch);
            }
        }
    };
}

described!();
described!(A);
described!(A B);
described!(A B C);
described!(A B C D);
described!(A B C D E);

/// Adds what the signature of `handler` says.
pub fn sketch<T, H: Described<T>>(_: H, sketch: &mut Sketch) {
    H::describe(sketch);
}

/// A parameter of the path.
pub fn path_parameter(name: &str, kind: Type) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .schema(Some(ObjectBuilder::new().schema_type(kind)))
        .build()
}
