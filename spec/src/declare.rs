//! The macros that declare messages and their directions: structs, tags, and an enum with decoder, encoder and schemas.

/// Declares structs that are members of messages. Derived code would also read them from an array.
macro_rules! objects {
    ($($(#[$doc:meta])* $name:ident {
        $($(#[$inner:meta])* $member:ident: $type:ty,)+
    })+) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
            #[serde(rename_all = "camelCase")]
            pub struct $name {
                $($(#[$inner])* pub $member: $type,)+
            }

            impl<'de> serde::Deserialize<'de> for $name {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    // The schema is that of the outer struct, whose attributes are repeated here.
                    #[derive(serde::Deserialize, schemars::JsonSchema)]
                    #[serde(rename_all = "camelCase")]
                    struct Members {
                        $($(#[$inner])* $member: $type,)+
                    }
                    $crate::wire::from_object(deserializer).map(|Members { $($member),+ }| Self { $($member),+ })
                }
            }
        )+
    };
}

pub(crate) use objects;

/// Assigns tags to messages: `Join = "join"`.
macro_rules! types {
    ($($message:ident = $tag:literal),+ $(,)?) => {
        $(impl $crate::wire::Tagged for $message {
            const TYPE: &'static str = $tag;
        })+
    };
}

pub(crate) use types;

/// Declares what all enums of messages have.
macro_rules! direction_items {
    ($name:ident: $from:literal => $to:literal { $($variant:ident),+ }) => {
        impl $name {
            /// The sending and the receiving role.
            pub const DIRECTION: $crate::wire::Direction = $crate::wire::Direction { from: $from, to: $to };

            /// Encodes the message as JSON text.
            pub fn encode(&self) -> String {
                serde_json::to_string(self).unwrap_or_default()
            }
        }

        $(impl From<$variant> for $name {
            fn from(message: $variant) -> Self {
                Self::$variant(message)
            }
        })+
    };
}

pub(crate) use direction_items;

/// Declares the messages of one direction as an enum with decoder, encoder and schemas. The tags are the messages' names in the given case,
/// as in `types!`.
macro_rules! direction {
    (
        $(#[$doc:meta])*
        $name:ident: $from:literal => $to:literal, tags in $case:literal { $($variant:ident),+ $(,)? }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize)]
        #[serde(tag = "type", rename_all = $case)]
        pub enum $name {
            $(#[doc = concat!("See [`", stringify!($variant), "`].")] $variant($variant),)+
        }

        $crate::declare::direction_items!($name: $from => $to { $($variant),+ });

        impl $name {
            /// Decodes a message; fails if the text is not a message of this direction; the error names place and cause.
            pub fn decode(text: &str) -> Result<Self, $crate::wire::DecodeError> {
                let tag = $crate::wire::tag(text)?;
                $(if tag == <$variant as $crate::wire::Tagged>::TYPE {
                    return $crate::wire::members(text).map(Self::$variant);
                })+
                Err($crate::wire::DecodeError::unknown(&tag))
            }

            /// The schemas of the messages, without `$schema` and `$id`.
            pub fn schemas() -> Vec<$crate::schema::MessageSchema> {
                vec![$($crate::schema::MessageSchema::of::<$variant>(),)+]
            }

            /// The channel of these messages; an invalid one violates the rule.
            pub(crate) const fn channel(rule: &'static str) -> $crate::family::Channel {
                $crate::family::Channel {
                    direction: Self::DIRECTION,
                    schemas: Self::schemas,
                    canonical: |text| Self::decode(text).map(|message| message.encode()),
                    rule,
                    binary: None,
                }
            }
        }
    };
}

pub(crate) use direction;
