//! Typed rows to columns and back: each table of the result schema is declared once.

use crate::Error;

/// The values of one column.
#[derive(Debug, Clone, PartialEq)]
pub enum ColumnData {
    /// UTF-8 text.
    Text(Vec<String>),
    /// Counts, times in ns, sizes in bytes.
    U64(Vec<u64>),
    /// Money in nano-dollars.
    I64(Vec<i64>),
    /// Ratios.
    F64(Vec<f64>),
}

impl ColumnData {
    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            ColumnData::Text(values) => values.len(),
            ColumnData::U64(values) => values.len(),
            ColumnData::I64(values) => values.len(),
            ColumnData::F64(values) => values.len(),
        }
    }

    /// No rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `text`, `u64`, `i64` or `f64`.
    pub fn type_name(&self) -> &'static str {
        match self {
            ColumnData::Text(_) => "text",
            ColumnData::U64(_) => "u64",
            ColumnData::I64(_) => "i64",
            ColumnData::F64(_) => "f64",
        }
    }
}

/// A type that fits in a column.
pub trait Cell: Clone + Sized {
    /// The column of these values.
    fn column(values: Vec<Self>) -> ColumnData;
    /// The values, if the column has this type.
    fn values(column: ColumnData) -> Option<Vec<Self>>;
}

macro_rules! cell {
    ($type:ty, $variant:ident) => {
        impl Cell for $type {
            fn column(values: Vec<Self>) -> ColumnData {
                ColumnData::$variant(values)
            }
            fn values(column: ColumnData) -> Option<Vec<Self>> {
                match column {
                    ColumnData::$variant(values) => Some(values),
                    _ => None,
                }
            }
        }
    };
}

cell!(String, Text);
cell!(u64, U64);
cell!(i64, I64);
cell!(f64, F64);

/// What a column is, for the documentation of the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnInfo {
    /// Name in the file.
    pub name: &'static str,
    /// Meaning and unit.
    pub doc: &'static str,
    /// Type in the file.
    pub type_name: &'static str,
}

/// A kind of row that is stored as a table.
pub trait Table: Sized {
    /// Name of the table and stem of its file.
    const NAME: &'static str;
    /// What a row is.
    const DOC: &'static str;
    /// The columns, in order.
    fn schema() -> Vec<ColumnInfo>;
    /// Rows to columns, in the order of the schema.
    fn columns(rows: &[Self]) -> Vec<ColumnData>;
    /// Columns, found by name, to rows.
    fn rows(
        take: &mut dyn FnMut(&'static str) -> Result<ColumnData, Error>,
    ) -> Result<Vec<Self>, Error>;
}

/// Declares a row type and its table.
macro_rules! table {
    (
        #[doc = $table_doc:literal]
        $row:ident = $name:literal {
            $( #[doc = $doc:literal] $field:ident : $type:ty, )*
        }
    ) => {
        #[doc = $table_doc]
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct $row {
            $( #[doc = $doc] pub $field: $type, )*
        }

        impl $crate::table::Table for $row {
            const NAME: &'static str = $name;
            const DOC: &'static str = $table_doc;

            fn schema() -> Vec<$crate::table::ColumnInfo> {
                vec![$( $crate::table::ColumnInfo {
                    name: stringify!($field),
                    doc: $doc,
                    type_name: <$type as $crate::table::Cell>::column(Vec::new()).type_name(),
                } ),*]
            }

            fn columns(rows: &[Self]) -> Vec<$crate::table::ColumnData> {
                vec![$( $crate::table::Cell::column(
                    rows.iter().map(|row| row.$field.clone()).collect::<Vec<$type>>(),
                ) ),*]
            }

            fn rows(
                take: &mut dyn FnMut(&'static str) -> Result<$crate::table::ColumnData, $crate::Error>,
            ) -> Result<Vec<Self>, $crate::Error> {
                $(
                    let column = take(stringify!($field))?;
                    let found = column.type_name();
                    let $field: Vec<$type> = $crate::table::Cell::values(column)
                        .ok_or($crate::Error::ColumnType { column: stringify!($field), found })?;
                )*
                let lengths = [$( $field.len() ),*];
                if lengths.iter().any(|length| *length != lengths[0]) {
                    return Err($crate::Error::Ragged { table: $name });
                }
                $( let mut $field = $field.into_iter(); )*
                Ok((0..lengths[0])
                    .map(|_| $row { $( $field: $field.next().expect("equal lengths"), )* })
                    .collect())
            }
        }
    };
}

/// Declares tables that are written, read and identified together.
macro_rules! tables {
    (
        #[doc = $doc:literal]
        $name:ident {
            $( #[doc = $field_doc:literal] $field:ident : $row:ident, )*
        }
    ) => {
        #[doc = $doc]
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct $name {
            $( #[doc = $field_doc] pub $field: Vec<$row>, )*
        }

        impl $name {
            /// Appends the rows of others.
            pub fn extend(&mut self, other: $name) {
                $( self.$field.extend(other.$field); )*
            }

            /// Writes every table to its file in `dir`.
            pub fn write(&self, dir: &std::path::Path) -> Result<(), $crate::Error> {
                $( $crate::write_table(&dir.join($crate::parquet::file_of::<$row>()), &self.$field)?; )*
                Ok(())
            }

            /// Reads what [`Self::write`] wrote.
            pub fn read(dir: &std::path::Path) -> Result<$name, $crate::Error> {
                Ok($name {
                    $( $field: $crate::read_table(&dir.join($crate::parquet::file_of::<$row>()))?, )*
                })
            }

            /// BLAKE3 over every value of every table, floating-point numbers by their bits.
            pub fn digest(&self) -> String {
                $crate::parquet::digest_of(|hasher| {
                    $( $crate::parquet::feed(hasher, &self.$field); )*
                })
            }

            /// The tables and their columns, as Markdown.
            pub(crate) fn describe(out: &mut String) {
                $( $crate::parquet::describe_table::<$row>(out); )*
            }
        }
    };
}

pub(crate) use {table, tables};
