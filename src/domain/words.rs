//! Enums whose variants have words: everything about a variant is in its row.

/// Declares a plain enum with a method that returns the word of each variant in JSON, which is also what
/// serialization writes, and perhaps one with the words for people.
macro_rules! words {
    (
        $(#[$attribute:meta])*
        pub enum $name:ident: $code:ident {
            $($(#[$about:meta])* $variant:ident = $word:literal,)+
        }
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$about])* $variant,)+
        }

        impl $name {
            /// Every variant, in order.
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            /// The word used in JSON.
            pub fn $code(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.$code())
            }
        }
    };
    (
        $(#[$attribute:meta])*
        pub enum $name:ident: $code:ident, $people:ident {
            $($(#[$about:meta])* $variant:ident = ($word:literal, $words:literal),)+
        }
    ) => {
        $crate::domain::words::words! {
            $(#[$attribute])*
            pub enum $name: $code {
                $($(#[$about])* $variant = $word,)+
            }
        }

        impl $name {
            /// The words for people, unless the type says what for.
            pub fn $people(self) -> &'static str {
                match self { $(Self::$variant => $words,)+ }
            }
        }
    };
}
pub(crate) use words;
