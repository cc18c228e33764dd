//! What the columns of a file mean: found by their names, whatever their case and punctuation, or told by the caller.
//! Names are tried in the order of how plainly they say it; a name told by the caller always wins. Nothing is guessed
//! from values unless the file has no header at all.

use std::fmt;
use std::str::FromStr;

use super::error::ClvError;
use super::source::Table;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Who bought.
    Id,
    /// The day of a purchase.
    Date,
    /// The amount of a purchase.
    Amount,
    /// Repeat purchases.
    Repeats,
    /// Time from the first to the last purchase.
    Recency,
    /// Time from the first purchase to the end of observation.
    Age,
    /// Mean amount of the repeat purchases.
    Mean,
    /// Opportunities to buy so far.
    Opportunities,
    /// How many customers a row stands for.
    Customers,
    /// Periods survived by one customer.
    Tenure,
    /// Whether that customer has left.
    Left,
    /// The age, or the calendar period, at which survivors were counted.
    Period,
    /// Customers still here.
    Survivors,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 13] = [
        Self::Id,
        Self::Date,
        Self::Amount,
        Self::Repeats,
        Self::Recency,
        Self::Age,
        Self::Mean,
        Self::Opportunities,
        Self::Customers,
        Self::Tenure,
        Self::Left,
        Self::Period,
        Self::Survivors,
    ];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Date => "date",
            Self::Amount => "amount",
            Self::Repeats => "x",
            Self::Recency => "t_x",
            Self::Age => "T",
            Self::Mean => "m",
            Self::Opportunities => "n",
            Self::Customers => "customers",
            Self::Tenure => "tenure",
            Self::Left => "left",
            Self::Period => "age",
            Self::Survivors => "survivors",
        }
    }

    /// Headers that mean it, reduced to small letters and digits; the plainest first.
    const fn headers(self) -> &'static [&'static str] {
        match self {
            Self::Id => {
                &["id", "customerid", "customer", "cid", "cust", "custid", "clientid", "userid", "accountid", "account"]
            }
            Self::Date => &[
                "date",
                "day",
                "purchasedate",
                "orderdate",
                "orderedat",
                "transactiondate",
                "invoicedate",
                "paidat",
                "timestamp",
                "datetime",
                "createdat",
                "time",
            ],
            Self::Amount => &[
                "amount",
                "dollarvalue",
                "value",
                "spend",
                "sales",
                "revenue",
                "total",
                "price",
                "dollars",
                "monetaryvalue",
            ],
            Self::Repeats => &["x", "frequency", "xcal", "repeats", "repeatpurchases", "pxcal"],
            Self::Recency => &["tx", "recency", "txcal"],
            Self::Age => &["t", "tcal", "age", "observed"],
            Self::Mean => &["m", "mean", "meanspend", "mx", "zbar", "monetaryvalue", "averagespend"],
            Self::Opportunities => &["n", "ncal", "nperiods", "opportunities"],
            Self::Customers => &["customers", "custs", "count", "weight", "weights", "ncust"],
            Self::Tenure => &["tenure", "duration", "periodssurvived"],
            Self::Left => &["left", "churn", "churned", "event", "cancelled", "canceled"],
            Self::Period => &["age", "year", "period", "month", "quarter", "week", "t", "time", "calendartime"],
            Self::Survivors => &["survivors", "alive", "active", "retained", "customers", "here"],
        }
    }
}

/// A column named by the caller, as `date=ordered_at` or `date=3`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    role: Role,
    column: String,
}

impl FromStr for Override {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = || Role::ALL.map(Role::name).join(", ");
        let (role, column) = text
            .split_once('=')
            .filter(|(_, column)| !column.trim().is_empty())
            .ok_or_else(|| format!("write MEANING=COLUMN, for example date=ordered_at; meanings are {}", all()))?;
        // `t` and `T` are two different things in this field; everything else may be written as one likes.
        let known = Role::ALL.into_iter().find(|known| known.name() == role.trim()).or_else(|| {
            Role::ALL.into_iter().find(|known| known.name().eq_ignore_ascii_case(role.trim()) && known.name().len() > 1)
        });
        let role = known.ok_or_else(|| format!("`{role}` is no meaning of a column; choose one of {}", all()))?;
        Ok(Self { role, column: column.trim().to_owned() })
    }
}

impl fmt::Display for Override {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.role.name(), self.column)
    }
}

/// Small letters and digits only: `T.cal` and `t_cal` are the same name.
fn reduced(header: &str) -> String {
    header.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The columns of a table by their meaning.
#[derive(Debug)]
pub(super) struct Columns<'a> {
    table: &'a Table,
    overrides: &'a [Override],
    names: Vec<String>,
}

impl<'a> Columns<'a> {
    /// Fails where the caller names a column the file does not have.
    pub(super) fn new(table: &'a Table, overrides: &'a [Override]) -> Result<Self, ClvError> {
        let columns = Self { table, overrides, names: table.header().iter().map(|name| reduced(name)).collect() };
        for told in overrides {
            columns.told(told.role)?;
        }
        Ok(columns)
    }

    /// The column with this meaning, if there is one.
    pub(super) fn find(&self, role: Role) -> Option<usize> {
        if let Ok(Some(told)) = self.told(role) {
            return Some(told);
        }
        if !self.table.has_header() {
            return self.table.guess(role);
        }
        role.headers().iter().find_map(|wanted| self.names.iter().position(|name| name == wanted))
    }

    /// The same, or an error that says how to name it.
    pub(super) fn need(&self, role: Role, what: &str) -> Result<usize, ClvError> {
        self.find(role).ok_or_else(|| {
            let (role, has) = (role.name(), self.table.header().join(", "));
            ClvError::unsuited(
                self.table.path(),
                format!(
                    "no column holds {what}; the file has {has}. Name it: --column {role}=COLUMN, by header or position"
                ),
            )
        })
    }

    fn told(&self, role: Role) -> Result<Option<usize>, ClvError> {
        let told = self.overrides.iter().rev().find(|told| told.role == role);
        told.map(|told| self.named(&told.column)).transpose()
    }

    /// The column of this header or position.
    pub(super) fn named(&self, column: &str) -> Result<usize, ClvError> {
        let header = self.table.header();
        let exact = header.iter().position(|name| name == column);
        let alike = || self.names.iter().position(|name| *name == reduced(column));
        let numbered = || column.parse::<usize>().ok().filter(|n| (1..=header.len()).contains(n)).map(|n| n - 1);
        exact.or_else(numbered).or_else(alike).ok_or_else(|| {
            let message = format!("there is no column `{column}`; the file has {}", header.join(", "));
            ClvError::unsuited(self.table.path(), message)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overrides_are_read_and_strangers_refused() {
        assert_eq!("date=ordered at".parse::<Override>().unwrap().to_string(), "date=ordered at");
        assert_eq!("T=3".parse::<Override>().unwrap().role, Role::Age);
        assert_eq!("ID=3".parse::<Override>().unwrap().role, Role::Id);
        assert!("when=3".parse::<Override>().unwrap_err().contains("survivors"));
        assert!("date=".parse::<Override>().is_err() && "date".parse::<Override>().is_err());
        assert_eq!(reduced("T.cal"), reduced("t_CAL"));
    }
}
