//! Enums whose variants have words: everything about a variant is in its row.

/// Declares a plain enum with a method for each column of words. The first column is the word in JSON,
/// and what serialization writes.
macro_rules! words {
    (
        $(#[$attribute:meta])*
        pub enum $name:ident: $code:ident $(, $column:ident)* {
            $($(#[$about:meta])* $variant:ident = ($($word:literal),+),)+
        }
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$about])* $variant,)+
        }

        impl $name {
            /// Every variant, in order.
            pub const ALL: [Self; [$(stringify!($variant)),+].len()] = [$(Self::$variant),+];

            fn row(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($word),+],)+ }
            }

            $crate::domain::words::words! { @columns 0; $code $($column)* }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.$code())
            }
        }
    };
    (
        $(#[$attribute:meta])*
        pub enum $name:ident: $code:ident {
            $($(#[$about:meta])* $variant:ident = $word:literal,)+
        }
    ) => {
        $crate::domain::words::words! {
            $(#[$attribute])*
            pub enum $name: $code {
                $($(#[$about])* $variant = ($word),)+
            }
        }
    };
    (@columns $at:expr;) => {};
    (@columns $at:expr; $column:ident $($more:ident)*) => {
        #[doc = concat!("The ", stringify!($column), " of its row.")]
        pub fn $column(self) -> &'static str {
            self.row()[$at]
        }

        $crate::domain::words::words! { @columns $at + 1; $($more)* }
    };
}
pub(crate) use words;
