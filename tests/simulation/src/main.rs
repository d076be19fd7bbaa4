//! `weir-exam`: seeded site-weeks through the engine, and a score card.

#![expect(clippy::print_stdout, reason = "the card is what the program is for")]

use clap::Parser;
use weir_plant::facility::Kind;
use weir_simulation::{Card, Exam, SCORED_FROM, examine, story};

/// Runs the exam and prints the score card. Fails when a requirement of the card is not met.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    /// Site-weeks that are scored.
    #[arg(long, default_value_t = 216)]
    weeks: u64,
    /// Site-weeks of the tuning seeds, printed beside them.
    #[arg(long, default_value_t = 72)]
    tuning: u64,
    /// The first seed that is scored.
    #[arg(long, default_value_t = SCORED_FROM)]
    seed: u64,
    /// Only this kind of facility.
    #[arg(long, value_parser = kind)]
    kind: Option<Kind>,
    /// Tell the week of `--seed`, with every mistake explained.
    #[arg(long)]
    week: bool,
    /// Print every mistake.
    #[arg(long, short)]
    verbose: bool,
    /// Print the card as JSON.
    #[arg(long)]
    json: bool,
}

fn kind(name: &str) -> Result<Kind, String> {
    let known = Kind::ALL.iter().find(|kind| kind.as_str() == name);
    known.copied().ok_or_else(|| {
        let names: Vec<_> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
        format!("one of {}", names.join(", "))
    })
}

fn main() -> anyhow::Result<()> {
    let Arguments { weeks, tuning, seed, kind, week, verbose, json } = Arguments::parse();
    let exam = Exam { weeks, seed, kind };
    if week {
        print!("{}", story(&exam)?);
        return Ok(());
    }
    let tuned = examine(&Exam { weeks: tuning, seed: 0, kind })?;
    let card = Card::new(tuned, examine(&exam)?);
    if json {
        println!("{}", serde_json::to_string_pretty(&card)?);
    } else {
        if verbose {
            for week in card.tuned.weeks.iter().chain(&card.scored.weeks) {
                for fault in &week.faults {
                    let (seed, kind, class) = (week.seed, week.kind, week.class);
                    println!(
                        "{seed} {kind} {class} {} {}: {} [{}]",
                        fault.what,
                        fault.requirement,
                        fault.told,
                        week.incidents.join(" ")
                    );
                }
            }
        }
        print!("{}", card.render());
    }
    anyhow::ensure!(card.passed(), "the exam is not passed");
    Ok(())
}
