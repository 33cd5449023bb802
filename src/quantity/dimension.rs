//! Dimensions: powers of time, data and money.

use std::fmt;

/// The dimension of a quantity, as exponents of its three bases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Dimension {
    /// Exponent of time (base unit: second).
    pub time: i8,
    /// Exponent of data (base unit: byte).
    pub data: i8,
    /// Exponent of money (base unit: US dollar).
    pub money: i8,
}

/// Exponents beyond this are refused: nobody means `s^20`, and arithmetic stays far from overflow.
const MAX_EXPONENT: i8 = 12;

impl Dimension {
    /// A plain number.
    pub const NONE: Dimension = Dimension { time: 0, data: 0, money: 0 };
    /// Time.
    pub const TIME: Dimension = Dimension { time: 1, ..Self::NONE };
    /// Data.
    pub const DATA: Dimension = Dimension { data: 1, ..Self::NONE };
    /// Money.
    pub const MONEY: Dimension = Dimension { money: 1, ..Self::NONE };
    /// Things per time.
    pub const RATE: Dimension = Dimension { time: -1, ..Self::NONE };
    /// Data per time.
    pub const BANDWIDTH: Dimension = Dimension { time: -1, data: 1, money: 0 };
    /// Money per data and time: what keeping it costs.
    pub const STORAGE_PRICE: Dimension = Dimension { time: -1, data: -1, money: 1 };
    /// Money per data: what moving it costs.
    pub const TRANSFER_PRICE: Dimension = Dimension { time: 0, data: -1, money: 1 };
    /// Money per time.
    pub const MONEY_RATE: Dimension = Dimension { time: -1, data: 0, money: 1 };

    /// Whether it is a plain number.
    pub fn is_none(self) -> bool {
        self == Self::NONE
    }

    /// The dimension of a product; `None` if an exponent grows beyond reason.
    pub fn times(self, other: Dimension) -> Option<Dimension> {
        let add = |a: i8, b: i8| a.checked_add(b).filter(|sum| sum.abs() <= MAX_EXPONENT);
        Some(Dimension {
            time: add(self.time, other.time)?,
            data: add(self.data, other.data)?,
            money: add(self.money, other.money)?,
        })
    }

    /// The dimension of a quotient.
    pub fn per(self, other: Dimension) -> Option<Dimension> {
        self.times(other.power(-1)?)
    }

    /// The dimension of a whole power.
    pub fn power(self, exponent: i8) -> Option<Dimension> {
        let mul = |a: i8| a.checked_mul(exponent).filter(|product| product.abs() <= MAX_EXPONENT);
        Some(Dimension { time: mul(self.time)?, data: mul(self.data)?, money: mul(self.money)? })
    }

    /// The dimension of a square root; `None` if an exponent is odd.
    pub fn root(self) -> Option<Dimension> {
        let half = |a: i8| (a % 2 == 0).then_some(a / 2);
        Some(Dimension { time: half(self.time)?, data: half(self.data)?, money: half(self.money)? })
    }

    /// An example of how a value of this dimension is written, for help texts.
    pub fn example(self) -> &'static str {
        match self {
            Self::NONE => "`12` or `3.5M`",
            Self::TIME => "`20 ms` or `1 day`",
            Self::DATA => "`500 B` or `2 GB`",
            Self::MONEY => "`$250`",
            Self::RATE => "`100 /s` or `5M /day`",
            Self::BANDWIDTH => "`10 MB/s` or `1 Gbps`",
            Self::MONEY_RATE => "`$20k /month`",
            _ => "a number with its unit",
        }
    }
}

impl fmt::Display for Dimension {
    /// Names the dimension in words: `time`, `data per time`, `data × time`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NONE => return f.write_str("a plain number"),
            Self::RATE => return f.write_str("a rate (per time)"),
            Self::BANDWIDTH => return f.write_str("bandwidth (data per time)"),
            _ => {}
        }
        let bases = [("money", self.money), ("data", self.data), ("time", self.time)];
        let write = |bases: &mut dyn Iterator<Item = (&str, i8)>| {
            bases
                .map(|(name, power)| if power == 1 { name.to_owned() } else { format!("{name}^{power}") })
                .collect::<Vec<_>>()
                .join(" × ")
        };
        let above = write(&mut bases.into_iter().filter(|&(_, power)| power > 0));
        let below = write(&mut bases.into_iter().filter(|&(_, power)| power < 0).map(|(name, power)| (name, -power)));
        match (above.is_empty(), below.is_empty()) {
            (_, true) => f.write_str(&above),
            (true, false) => write!(f, "a value per {below}"),
            (false, false) => write!(f, "{above} per {below}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_like_words() {
        let check = |dimension: Dimension, name: &str| assert_eq!(dimension.to_string(), name);
        check(Dimension::NONE, "a plain number");
        check(Dimension::MONEY_RATE, "money per time");
        check(Dimension { money: 1, data: -1, time: -1 }, "money per data × time");
        check(Dimension { time: -2, ..Dimension::NONE }, "a value per time^2");
    }

    #[test]
    fn exponents_stay_bounded() {
        let mut dimension = Dimension::TIME;
        for _ in 0..11 {
            dimension = dimension.times(Dimension::TIME).unwrap();
        }
        assert_eq!(dimension.times(Dimension::TIME), None);
        assert_eq!(Dimension::TIME.power(100), None);
        assert_eq!(Dimension::TIME.root(), None);
    }
}
