//! From the text of an expression to its steps: CEL is parsed, and what cannot be judged refused.

use super::{Binary, Expr, STACK_MAX, Step, Unary};
use cel::{
    common::ast::{self, CallExpr, IdedExpr, LiteralValue, operators as op},
    parser::Parser,
};
use std::sync::Arc;

/// Longest expression, in characters.
const LENGTH_MAX: usize = 400;
/// Deepest nesting: it is read by recursion.
const DEPTH_MAX: u16 = 24;

/// What is wrong with an expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub(crate) struct ExprError {
    pub(crate) problem: String,
    /// What to do about it; may be empty.
    pub(crate) hint: String,
}

fn refuse<T>(problem: impl Into<String>, hint: impl Into<String>) -> Result<T, ExprError> {
    Err(ExprError { problem: problem.into(), hint: hint.into() })
}

/// The functions, each with the number of its arguments and how it is called.
const FUNCTIONS: &[(&str, core::ops::RangeInclusive<usize>, Call, &str)] = &[
    ("abs", 1..=1, Call::One(Unary::Abs), "abs(x)"),
    ("exp", 1..=1, Call::One(Unary::Exp), "exp(x)"),
    ("hocl", 3..=3, Call::Hocl, "hocl(free_chlorine, ph, celsius)"),
    ("log10", 1..=1, Call::One(Unary::Log10), "log10(x)"),
    ("max", 2..=8, Call::Fold(Binary::Max), "max(x, y, ...)"),
    ("min", 2..=8, Call::Fold(Binary::Min), "min(x, y, ...)"),
    ("pow", 2..=2, Call::Fold(Binary::Power), "pow(x, y)"),
    ("t_sat", 1..=1, Call::One(Unary::TSat), "t_sat(kilopascals_absolute)"),
];

#[derive(Debug, Clone, Copy)]
enum Call {
    One(Unary),
    /// The first two, then the result with the next, and so on.
    Fold(Binary),
    Hocl,
}

const OPERATORS: &[(&str, Binary)] = &[
    (op::ADD, Binary::Add),
    (op::SUBSTRACT, Binary::Subtract),
    (op::MULTIPLY, Binary::Multiply),
    (op::DIVIDE, Binary::Divide),
    (op::LESS, Binary::Less),
    (op::LESS_EQUALS, Binary::LessOrEqual),
    (op::GREATER, Binary::Greater),
    (op::GREATER_EQUALS, Binary::GreaterOrEqual),
    (op::EQUALS, Binary::Equal),
    (op::NOT_EQUALS, Binary::NotEqual),
    (op::LOGICAL_AND, Binary::And),
    (op::LOGICAL_OR, Binary::Or),
];

struct Compiler<'a> {
    inputs: &'a [&'a str],
    known_facts: &'a [&'a str],
    facts: Vec<Arc<str>>,
    used: Vec<bool>,
    steps: Vec<Step>,
    height: usize,
}

pub(super) fn expression(text: &str, inputs: &[&str], facts: &[&str]) -> Result<Expr, ExprError> {
    if text.chars().count() > LENGTH_MAX {
        let hint = "make it simpler, or give a profile a derived point";
        return refuse(format!("the expression is longer than {LENGTH_MAX} characters"), hint);
    }
    let parsed = match Parser::new().max_recursion_depth(DEPTH_MAX).parse(text) {
        Ok(parsed) => parsed,
        Err(errors) => {
            let first = errors.errors.first();
            let (at, why) = first.map_or((0, "syntax error"), |e| (e.pos.1, e.msg.as_str()));
            let why = why.lines().next().unwrap_or_default();
            let hint = "write it like total - free, or flow > 0.1 && pump == 1";
            return refuse(format!("no expression: {why} (character {at})"), hint);
        }
    };
    let used = vec![false; inputs.len()];
    let (steps, height) = (Vec::new(), 0);
    let mut compiler =
        Compiler { inputs, known_facts: facts, facts: Vec::new(), used, steps, height };
    compiler.compile(&parsed)?;
    if let Some(unused) = compiler.used.iter().position(|used| !used) {
        let hint = "leave it out, or use it";
        return refuse(format!("{} is not used in the expression", inputs[unused]), hint);
    }
    Ok(Expr { text: text.trim().into(), steps: compiler.steps, facts: compiler.facts })
}

impl Compiler<'_> {
    fn push(&mut self, step: Step, takes: usize) -> Result<(), ExprError> {
        self.height = self.height + 1 - takes;
        if self.height > STACK_MAX {
            return refuse("the expression is nested too deeply", "make it simpler");
        }
        self.steps.push(step);
        Ok(())
    }

    fn compile(&mut self, expr: &IdedExpr) -> Result<(), ExprError> {
        match &expr.expr {
            ast::Expr::Literal(literal) => self.literal(literal),
            ast::Expr::Ident(name) => self.name(name),
            ast::Expr::Call(call) => self.call(call),
            ast::Expr::Comprehension(_) => {
                refuse("an expression must not loop over anything", "use numbers only")
            }
            ast::Expr::Select(select) => refuse(
                format!("there is nothing in .{}", select.field),
                "an input is one number, by the name it has in `of`",
            ),
            _ => refuse("lists, maps and messages are no numbers", "use numbers only"),
        }
    }

    fn literal(&mut self, literal: &LiteralValue) -> Result<(), ExprError> {
        #[expect(clippy::cast_precision_loss, reason = "every number of an expression is a double")]
        let number = match literal {
            LiteralValue::Boolean(truth) => f64::from(u8::from(*truth.inner())),
            LiteralValue::Double(number) => *number.inner(),
            LiteralValue::Int(number) => *number.inner() as f64,
            LiteralValue::UInt(number) => *number.inner() as f64,
            LiteralValue::Bytes(_) | LiteralValue::Null | LiteralValue::String(_) => {
                return refuse("a text, bytes or null is not a number", "use numbers only");
            }
        };
        if !number.is_finite() {
            return refuse("a number is too large", "");
        }
        self.push(Step::Number(number), 0)
    }

    fn name(&mut self, name: &str) -> Result<(), ExprError> {
        let index = |at: usize| {
            u8::try_from(at)
                .map_err(|_| ExprError { problem: "too many names".into(), hint: String::new() })
        };
        if let Some(at) = self.inputs.iter().position(|input| *input == name) {
            self.used[at] = true;
            return self.push(Step::Input(index(at)?), 0);
        }
        if !self.known_facts.contains(&name) {
            let inputs = self.inputs.join(", ");
            let facts = match self.known_facts {
                [] => String::new(),
                facts => format!("; its facts are: {}", facts.join(", ")),
            };
            let hint = format!("the inputs of the expression are: {inputs}{facts}");
            return refuse(format!("{name} is unknown"), hint);
        }
        let at = match self.facts.iter().position(|fact| **fact == *name) {
            Some(at) => at,
            None => {
                self.facts.push(name.into());
                self.facts.len() - 1
            }
        };
        self.push(Step::Fact(index(at)?), 0)
    }

    fn call(&mut self, call: &CallExpr) -> Result<(), ExprError> {
        if call.target.is_some() {
            let problem = format!(".{} cannot be called on a number", call.func_name);
            return refuse(problem, format!("write {}(x)", call.func_name));
        }
        let name = call.func_name.as_str();
        let (args, count) = (&call.args, call.args.len());
        if let (Some((_, binary)), [left, right]) =
            (OPERATORS.iter().find(|(known, _)| *known == name), &args[..])
        {
            self.compile(left)?;
            self.compile(right)?;
            return self.push(Step::Binary(*binary), 2);
        }
        match name {
            op::NEGATE => self.unary(args, Unary::Negate),
            op::LOGICAL_NOT => self.unary(args, Unary::Not),
            op::CONDITIONAL => self.all(args, Step::Choose),
            op::MODULO => refuse("doubles have no remainder", "leave % out"),
            _ => match FUNCTIONS.iter().find(|(known, ..)| *known == name) {
                None => {
                    let known: Vec<&str> = FUNCTIONS.iter().map(|(.., usage)| *usage).collect();
                    let hint = format!("the functions are: {}", known.join(", "));
                    refuse(format!("there is no function {name}"), hint)
                }
                Some((_, allowed, _, usage)) if !allowed.contains(&count) => {
                    let problem = format!("{name} does not take {count} values");
                    refuse(problem, format!("write {usage}"))
                }
                Some((_, _, Call::One(unary), _)) => self.unary(args, *unary),
                Some((_, _, Call::Hocl, _)) => self.all(args, Step::Hocl),
                Some((_, _, Call::Fold(binary), _)) => {
                    for (index, arg) in args.iter().enumerate() {
                        self.compile(arg)?;
                        if index > 0 {
                            self.push(Step::Binary(*binary), 2)?;
                        }
                    }
                    Ok(())
                }
            },
        }
    }

    fn unary(&mut self, args: &[IdedExpr], unary: Unary) -> Result<(), ExprError> {
        args.iter().try_for_each(|arg| self.compile(arg))?;
        self.push(Step::Unary(unary), args.len())
    }

    fn all(&mut self, args: &[IdedExpr], step: Step) -> Result<(), ExprError> {
        args.iter().try_for_each(|arg| self.compile(arg))?;
        self.push(step, args.len())
    }
}
