//! The two declarations that records share: a closed list of words stored as text, and the absence of relations.
//!
//! A list of words is declared once and gives the enum, its word in the database, in JSON and in URLs (always the
//! same), and the way back. A word that is not in the list is an error when read, never a default.

/// Declares an enum whose variants are words: `as_str`, `ALL`, `Display`, `FromStr`, serde and the database column.
macro_rules! text_enum {
    (
        $(#[$about:meta])*
        pub enum $name:ident { $($(#[$says:meta])* $variant:ident = $word:literal,)+ }
    ) => {
        $(#[$about])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize, sea_orm::EnumIter, sea_orm::DeriveActiveEnum,
        )]
        #[sea_orm(rs_type = "String", db_type = "Text")]
        pub enum $name {
            $($(#[$says])* #[sea_orm(string_value = $word)] #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every word, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word, as stored and sent.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::declare::UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|each| each.as_str() == word).ok_or_else(|| {
                    $crate::declare::UnknownWord {
                        word: word.to_owned(),
                        allowed: Self::ALL.iter().map(|each| each.as_str()).collect(),
                    }
                })
            }
        }
    };
}

/// Declares that an entity has no relations for the ORM to follow: joins are written where they are needed.
macro_rules! no_relations {
    () => {
        /// None: joins are written where they are needed.
        #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
        pub enum Relation {}

        impl ActiveModelBehavior for ActiveModel {}
    };
}

pub(crate) use {no_relations, text_enum};

/// A word that is not in a closed list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{word}\" is not one of {}", allowed.join(", "))]
pub struct UnknownWord {
    /// What was given.
    pub word: String,
    /// What may be given.
    pub allowed: Vec<&'static str>,
}
