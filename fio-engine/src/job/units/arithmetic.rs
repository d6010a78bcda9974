//! Arithmetic in parentheses: `bs=(4k*2)`, `runtime=(5m+30s)`, `size=((1g-4k)/2)`.
//!
//! Operators are `+ - * / % ^`, with the usual precedence and `^` binding strongest and to the
//! right. Values are exact fractions, so that `(10/4)*4` is 10; the result is rounded down to a
//! whole number. Recursion is bounded, since the text may come from a stranger.

use super::error::UnitError;
use super::token::{KbBase, digits, microseconds, size_factor, size_suffix, time_suffix};
use crate::job::shown::shown;

/// How deep parentheses and signs may nest.
pub const MAX_EXPRESSION_DEPTH: usize = 32;

/// What the numbers of an expression count.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Unit {
    /// Bytes, with the size suffixes.
    Bytes(KbBase),
    /// Microseconds, with the time suffixes.
    Microseconds,
}

/// The value of an expression, which must be a whole number that is not negative after rounding
/// down.
pub(crate) fn evaluate(text: &[u8], unit: Unit) -> Result<u64, UnitError> {
    let mut parser = Parser {
        rest: text,
        unit,
        depth: 0,
    };
    let whole = parser.sum().and_then(|value| match parser.rest {
        [] => Ok(value),
        [b')', ..] => Err(Problem::Syntax(
            "a parenthesis is closed that was never opened",
        )),
        _ => Err(Problem::Syntax(
            "something follows the end of the expression",
        )),
    });
    let value = whole.map_err(|problem| problem.in_text(text))?;
    let value = value.numerator.div_euclid(value.denominator);
    if value < 0 {
        return Err(Problem::Syntax("the result is negative").in_text(text));
    }
    u64::try_from(value).map_err(|_| UnitError::Overflow(shown(text)))
}

enum Problem {
    Syntax(&'static str),
    Unit(UnitError),
    Overflow,
}

impl Problem {
    fn in_text(self, text: &[u8]) -> UnitError {
        match self {
            Self::Syntax(problem) => UnitError::Expression {
                text: shown(text),
                problem,
            },
            Self::Unit(error) => error,
            Self::Overflow => UnitError::Overflow(shown(text)),
        }
    }
}

/// An exact fraction in lowest terms with a positive denominator.
#[derive(Clone, Copy)]
struct Fraction {
    numerator: i128,
    denominator: i128,
}

impl Fraction {
    const ONE: Self = Self {
        numerator: 1,
        denominator: 1,
    };

    fn new(numerator: Option<i128>, denominator: Option<i128>) -> Result<Self, Problem> {
        let (Some(numerator), Some(denominator)) = (numerator, denominator) else {
            return Err(Problem::Overflow);
        };
        if denominator == 0 {
            return Err(Problem::Syntax("division by zero"));
        }
        // Both fit in i128 with room to spare: products of more than 126 bits are refused here.
        if numerator.unsigned_abs() > 1 << 126 || denominator.unsigned_abs() > 1 << 126 {
            return Err(Problem::Overflow);
        }
        let divisor = greatest_common_divisor(numerator.unsigned_abs(), denominator.unsigned_abs());
        let sign = denominator.signum();
        Ok(Self {
            numerator: numerator / divisor * sign,
            denominator: denominator / divisor * sign,
        })
    }

    fn add(self, other: Self, sign: i128) -> Result<Self, Problem> {
        let left = self.numerator.checked_mul(other.denominator);
        let right = other.numerator.checked_mul(self.denominator * sign);
        let sum = left
            .zip(right)
            .and_then(|(left, right)| left.checked_add(right));
        Self::new(sum, self.denominator.checked_mul(other.denominator))
    }

    fn multiply(self, other: Self) -> Result<Self, Problem> {
        Self::new(
            self.numerator.checked_mul(other.numerator),
            self.denominator.checked_mul(other.denominator),
        )
    }

    fn divide(self, other: Self) -> Result<Self, Problem> {
        Self::new(
            self.numerator.checked_mul(other.denominator),
            self.denominator.checked_mul(other.numerator),
        )
    }

    fn remainder(self, other: Self) -> Result<Self, Problem> {
        if self.denominator != 1 || other.denominator != 1 {
            return Err(Problem::Syntax("% needs whole numbers"));
        }
        if other.numerator == 0 {
            return Err(Problem::Syntax("division by zero"));
        }
        Self::new(self.numerator.checked_rem(other.numerator), Some(1))
    }

    fn power(self, exponent: Self) -> Result<Self, Problem> {
        if exponent.denominator != 1 || !(0..=1024).contains(&exponent.numerator) {
            return Err(Problem::Syntax("^ needs a whole exponent from 0 to 1024"));
        }
        (0..exponent.numerator).try_fold(Self::ONE, |product, _| product.multiply(self))
    }
}

fn greatest_common_divisor(mut a: u128, mut b: u128) -> i128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    // The arguments are at most 2^126 and not both zero.
    i128::try_from(a).unwrap_or(1).max(1)
}

struct Parser<'a> {
    rest: &'a [u8],
    unit: Unit,
    depth: usize,
}

impl Parser<'_> {
    fn sum(&mut self) -> Result<Fraction, Problem> {
        let mut value = self.product()?;
        loop {
            value = match self.peek() {
                Some(b'+') => self.skip().product().and_then(|next| value.add(next, 1))?,
                Some(b'-') => self.skip().product().and_then(|next| value.add(next, -1))?,
                _ => return Ok(value),
            };
        }
    }

    fn product(&mut self) -> Result<Fraction, Problem> {
        let mut value = self.power()?;
        loop {
            value = match self.peek() {
                Some(b'*') => self.skip().power().and_then(|next| value.multiply(next))?,
                Some(b'/') => self.skip().power().and_then(|next| value.divide(next))?,
                Some(b'%') => self.skip().power().and_then(|next| value.remainder(next))?,
                _ => return Ok(value),
            };
        }
    }

    fn power(&mut self) -> Result<Fraction, Problem> {
        let base = self.operand()?;
        match self.peek() {
            Some(b'^') => self
                .skip()
                .nested(Self::power)
                .and_then(|exponent| base.power(exponent)),
            _ => Ok(base),
        }
    }

    fn operand(&mut self) -> Result<Fraction, Problem> {
        match self.peek() {
            Some(b'(') => {
                let value = self.skip().nested(Self::sum)?;
                if self.peek() != Some(b')') {
                    return Err(Problem::Syntax("a parenthesis is not closed"));
                }
                self.skip();
                Ok(value)
            }
            Some(b'-') => self.skip().nested(Self::operand).and_then(|value| {
                value.multiply(Fraction {
                    numerator: -1,
                    denominator: 1,
                })
            }),
            Some(byte) if byte.is_ascii_digit() => self.number(),
            Some(_) => Err(Problem::Syntax("a number is expected")),
            None => Err(Problem::Syntax("it ends where a number is expected")),
        }
    }

    fn number(&mut self) -> Result<Fraction, Problem> {
        let (rest, value) = digits(self.rest).map_err(Problem::Unit)?;
        let letters = rest
            .iter()
            .take_while(|byte| byte.is_ascii_alphabetic())
            .count();
        let (suffix, rest) = rest.split_at(letters);
        self.rest = rest;
        let factor = match (suffix, self.unit) {
            (b"", _) => 1,
            (_, Unit::Bytes(base)) => {
                size_factor(suffix, base).ok_or_else(|| Problem::Unit(size_suffix(suffix)))?
            }
            (_, Unit::Microseconds) => {
                microseconds(suffix).ok_or_else(|| Problem::Unit(time_suffix(suffix)))?
            }
        };
        Fraction::new(i128::from(value).checked_mul(factor.into()), Some(1))
    }

    fn nested(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<Fraction, Problem>,
    ) -> Result<Fraction, Problem> {
        if self.depth == MAX_EXPRESSION_DEPTH {
            return Err(Problem::Syntax("it nests too deeply"));
        }
        self.depth += 1;
        let value = parse(self);
        self.depth -= 1;
        value
    }

    fn peek(&mut self) -> Option<u8> {
        self.rest = self.rest.trim_ascii_start();
        self.rest.first().copied()
    }

    fn skip(&mut self) -> &mut Self {
        self.rest = &self.rest[1..];
        self
    }
}
