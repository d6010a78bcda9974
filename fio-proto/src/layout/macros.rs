//! The macro that turns a table of rows into a structure.

/// Makes a neutral structure, its codec, its view and its metadata from one table.
///
/// First come the fields of the neutral structure with their documentation, then the rows in wire
/// order: `SINCE..=UNTIL => field: WireType, "fio's name", Unit;` or `SINCE..=UNTIL => pad(BYTES);`.
/// The bounds are [`Revision`](crate::version::Revision) constants in scope. The order of the rows is
/// the order on the wire; a field may have several rows as long as one at most holds in any revision.
macro_rules! wire_struct {
    (
        $(#[$meta:meta])*
        pub struct $name:ident, view $view:ident, $c_struct:literal {
            $($(#[$field_meta:meta])* pub $field:ident: $type:ty,)*
        }
        rows {
            $($since:ident..=$until:ident =>
                $row:ident $(: $wire:ty, $c_name:literal, $unit:ident)? $(($pad:literal))?;)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $type,)*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: <$type as $crate::layout::Neutral>::zero(),)* }
            }
        }

        impl $name {
            /// fio's name of the structure.
            pub const C_NAME: &'static str = $c_struct;

            /// The fields of all revisions, in wire order.
            pub const ROWS: &'static [$crate::layout::Row] = &[$(
                $($crate::layout::Row::new(
                    stringify!($row),
                    ($since, $until),
                    $c_name,
                    <$wire as $crate::layout::WireType>::SHAPE,
                    $crate::layout::Unit::$unit,
                ),)?
                $($crate::layout::Row::padding(stringify!($row), ($since, $until), $pad),)?
            )*];

            /// Bytes the structure takes in `revision`.
            pub fn size(revision: $crate::version::Revision) -> usize {
                $crate::layout::size(Self::ROWS, revision)
            }

            /// Decodes the structure from exactly its bytes.
            ///
            /// # Errors
            /// When there are too few bytes or too many.
            pub fn decode(
                revision: $crate::version::Revision,
                bytes: &[u8],
            ) -> Result<Self, $crate::error::DecodeError> {
                let mut reader = $crate::reader::Reader::new(Self::C_NAME, bytes);
                let mut decoded = Self::default();
                decoded.read(revision, &mut reader)?;
                reader.finish()?;
                Ok(decoded)
            }

            /// Decodes the structure over this one, which saves allocating anew, and leaves the
            /// reader behind it. Fields the revision lacks become zero.
            ///
            /// # Errors
            /// When there are too few bytes; the structure is a mixture then.
            pub fn read(
                &mut self,
                revision: $crate::version::Revision,
                reader: &mut $crate::reader::Reader<'_>,
            ) -> Result<(), $crate::error::DecodeError> {
                #[derive(Default)]
                struct Carried { $($field: bool,)* }
                let mut carried = Carried::default();
                $(if revision.is_within($since, $until) {
                    $(
                        let bytes = reader.take($c_name, <$wire as $crate::layout::WireType>::SIZE)?;
                        <$wire as $crate::layout::WireField<_>>::decode(bytes, &mut self.$row);
                        carried.$row = true;
                    )?
                    $(reader.take("pad", $pad)?;)?
                })*
                $(if !carried.$field {
                    $crate::layout::Neutral::reset(&mut self.$field);
                })*
                Ok(())
            }

            /// Appends the structure as `revision` has it, and notes in `dropped` what that cannot
            /// carry.
            pub fn encode(
                &self,
                revision: $crate::version::Revision,
                out: &mut alloc::vec::Vec<u8>,
                dropped: &mut alloc::vec::Vec<$crate::layout::Dropped>,
            ) {
                use $crate::layout::{DropReason, Dropped};
                #[derive(Default)]
                struct Carried { $($field: bool,)* }
                let mut carried = Carried::default();
                let start = out.len();
                out.resize(start.saturating_add(Self::size(revision)), 0);
                let mut writer = $crate::layout::Writer::new(out.get_mut(start..).unwrap_or_default());
                $(if revision.is_within($since, $until) {
                    $(
                        let bytes = writer.take(<$wire as $crate::layout::WireType>::SIZE);
                        let fit = <$wire as $crate::layout::WireField<_>>::encode(&self.$row, bytes);
                        dropped.extend(fit.map(|reason| Dropped::new(Self::C_NAME, stringify!($row), reason)));
                        carried.$row = true;
                    )?
                    $(writer.take($pad);)?
                })*
                $(if !carried.$field && !$crate::layout::Neutral::is_zero(&self.$field) {
                    dropped.push(Dropped::new(Self::C_NAME, stringify!($field), DropReason::Absent));
                })*
            }

            /// Reads the structure in place.
            ///
            /// # Errors
            /// When there are too few bytes; more than needed are left alone.
            pub fn view(
                revision: $crate::version::Revision,
                bytes: &[u8],
            ) -> Result<$view<'_>, $crate::error::DecodeError> {
                let mut reader = $crate::reader::Reader::new(Self::C_NAME, bytes);
                let mut view = $view { $($field: None,)* };
                $(if revision.is_within($since, $until) {
                    $(
                        let bytes = reader.take($c_name, <$wire as $crate::layout::WireType>::SIZE)?;
                        let shape = &<$wire as $crate::layout::WireType>::SHAPE;
                        view.$row = Some($crate::layout::Cell::new(bytes, shape));
                    )?
                    $(reader.take("pad", $pad)?;)?
                })*
                Ok(view)
            }
        }

        #[doc = concat!("A [`", stringify!($name), "`] read in place, field by field.")]
        ///
        /// Every accessor gives `None` where the revision does not carry the field. Figures are as they
        /// travel, in the unit of their row, also where decoding converts them.
        #[derive(Clone, Copy, Debug)]
        pub struct $view<'a> {
            $($field: Option<$crate::layout::Cell<'a>>,)*
        }

        impl<'a> $view<'a> {
            $(
                #[doc = concat!("See [`", stringify!($name), "::", stringify!($field), "`].")]
                pub fn $field(&self) -> Option<<$type as $crate::layout::Neutral>::View<'a>> {
                    self.$field.map(<$type as $crate::layout::Neutral>::view)
                }
            )*
        }
    };
}

pub(crate) use wire_struct;
