//! The two declarations that resources share: a record's wire form and a closed list of words. Nothing is decided
//! here.

/// Declares the wire form of a record: a struct that serialises, has a schema, and is made from the record by name.
macro_rules! wire {
    (
        $(#[$about:meta])*
        pub struct $name:ident from $record:ty {
            $($(#[$says:meta])* $field:ident: $kind:ty,)+
        }
    ) => {
        #[derive(Clone, Debug, PartialEq, serde::Serialize, utoipa::ToSchema)]
        $(#[$about])*
        pub struct $name {
            $($(#[$says])* pub $field: $kind,)+
        }

        impl From<$record> for $name {
            fn from(record: $record) -> Self {
                Self { $($field: record.$field,)+ }
            }
        }
    };
}

/// Declares the schema of enums whose words are listed in `ALL`, for `#[schema(schema_with = …)]`.
macro_rules! words {
    ($($name:ident: $kind:ty,)+) => {
        $(fn $name() -> utoipa::openapi::schema::Object {
            utoipa::openapi::ObjectBuilder::new()
                .schema_type(utoipa::openapi::Type::String)
                .enum_values(Some(<$kind>::ALL.iter().map(|word| word.as_str())))
                .build()
        })+
    };
}

pub(super) use {wire, words};

/// Reads a field that may be absent (leave it), `null` (clear it) or a value (set it).
pub(super) fn present<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::Deserialize<'de>,
{
    serde::Deserialize::deserialize(deserializer).map(Some)
}
