//! Expressions of a pack: numbers made of several inputs, such as `total - free`.
//!
//! They are written in CEL, the Common Expression Language, and kept to what can be judged: numbers,
//! comparisons, conditions and a few functions, without loops, texts or lists. There is one kind of
//! number: every literal, input and fact is a double, and a condition is 1 or 0. An expression is
//! read once, into a short row of steps on a stack of numbers; evaluating it takes no memory and a
//! time that is known beforehand. What has no finite value (a division by zero, the logarithm of a
//! negative number, anything made of it) is missing: it is no number, and no comparison holds.

mod compile;
mod physics;

pub(crate) use compile::ExprError;
#[allow(unused_imports, reason = "cycles of sterilizers compare their temperature with it")]
pub(crate) use physics::t_sat;

use std::sync::Arc;

/// An expression, as it was read.
#[derive(Debug, Clone)]
pub(crate) struct Expr {
    text: Arc<str>,
    steps: Vec<Step>,
    /// The facts it uses; their numbers are put in by [`Expr::program`].
    facts: Vec<Arc<str>>,
}

/// An expression with its facts filled in, ready to be evaluated.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Program {
    steps: Box<[Step]>,
}

/// One step on the stack.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    Number(f64),
    Input(u8),
    Fact(u8),
    Unary(Unary),
    Binary(Binary),
    /// Condition, then, otherwise.
    Choose,
    /// Free chlorine, pH and °C.
    Hocl,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unary {
    Negate,
    Not,
    Abs,
    Exp,
    Log10,
    TSat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
    Min,
    Max,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
    And,
    Or,
}

/// Numbers that may lie on the stack at once.
const STACK_MAX: usize = 16;

impl Expr {
    /// Reads an expression of these inputs and facts.
    ///
    /// # Errors
    /// What is wrong with it, with a hint.
    pub(crate) fn parse(text: &str, inputs: &[&str], facts: &[&str]) -> Result<Self, ExprError> {
        compile::expression(text, inputs, facts)
    }

    /// As it was written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The facts it uses.
    pub(crate) fn facts(&self) -> impl Iterator<Item = &str> {
        self.facts.iter().map(AsRef::as_ref)
    }

    /// Fills the facts in; one that is not there is no number.
    pub(crate) fn program(&self, fact: impl Fn(&str) -> Option<f64>) -> Program {
        let fill = |step: &Step| match *step {
            Step::Fact(index) => {
                let name = self.facts.get(usize::from(index));
                Step::Number(name.and_then(|name| fact(name)).unwrap_or(f64::NAN))
            }
            step => step,
        };
        Program { steps: self.steps.iter().map(fill).collect() }
    }
}

/// Expressions are the same if they say the same of the same inputs.
impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.steps == other.steps && self.facts == other.facts
    }
}

impl Program {
    /// The value, if all that it is made of is known and it is a finite number.
    #[inline]
    pub(crate) fn evaluate(&self, input: impl Fn(usize) -> Option<f64>) -> Option<f64> {
        let (mut stack, mut height) = ([f64::NAN; STACK_MAX], 0_usize);
        for step in &self.steps {
            // The compiler has counted: nothing is taken from an empty stack or put on a full one.
            let top = |back: usize| height.wrapping_sub(back) % STACK_MAX;
            let (taken, value) = match *step {
                Step::Number(number) => (0, number),
                Step::Input(index) => (0, input(usize::from(index))?),
                Step::Fact(_) => (0, f64::NAN),
                Step::Unary(unary) => (1, unary.of(stack[top(1)])),
                Step::Binary(binary) => (2, binary.of(stack[top(2)], stack[top(1)])),
                Step::Choose => (3, choose(stack[top(3)], stack[top(2)], stack[top(1)])),
                Step::Hocl => (3, physics::hocl(stack[top(3)], stack[top(2)], stack[top(1)])),
            };
            height = height.wrapping_sub(taken);
            stack[height % STACK_MAX] = if value.is_finite() { value } else { f64::NAN };
            height += 1;
        }
        Some(stack[0]).filter(|value| !value.is_nan())
    }
}

fn truth(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

fn choose(condition: f64, then: f64, otherwise: f64) -> f64 {
    if condition.is_nan() {
        f64::NAN
    } else if condition != 0.0 {
        then
    } else {
        otherwise
    }
}

impl Unary {
    fn of(self, x: f64) -> f64 {
        match self {
            _ if x.is_nan() => x,
            Self::Negate => -x,
            Self::Not => truth(x == 0.0),
            Self::Abs => x.abs(),
            Self::Exp => x.exp(),
            Self::Log10 => x.log10(),
            Self::TSat => physics::t_sat(x).unwrap_or(f64::NAN),
        }
    }
}

impl Binary {
    fn of(self, a: f64, b: f64) -> f64 {
        match self {
            // What is unknown makes all unknown, a comparison too.
            _ if a.is_nan() || b.is_nan() => f64::NAN,
            Self::Add => a + b,
            Self::Subtract => a - b,
            Self::Multiply => a * b,
            Self::Divide => a / b,
            Self::Power => a.powf(b),
            Self::Min => a.min(b),
            Self::Max => a.max(b),
            Self::Less => truth(a < b),
            Self::LessOrEqual => truth(a <= b),
            Self::Greater => truth(a > b),
            Self::GreaterOrEqual => truth(a >= b),
            Self::Equal => truth(a == b),
            Self::NotEqual => truth(a != b),
            Self::And => truth(a != 0.0 && b != 0.0),
            Self::Or => truth(a != 0.0 || b != 0.0),
        }
    }
}

#[cfg(test)]
mod tests;
