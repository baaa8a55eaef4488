//! An explanation as lines for a reader.

use super::{Explanation, Reading};
use std::fmt;

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(request) = &self.request {
            write!(f, "{request}")?;
        }
        line(f, "decision", self.verdict.name())?;
        if let Some(refusal) = &self.refusal {
            line(
                f,
                "because",
                &format!("{} ({}): {}", refusal.id, refusal.code, refusal.message),
            )?;
        }
        if let Some(rule) = &self.rule {
            let demands = match (rule.https, rule.v4) {
                (true, true) => "https and Signature Version 4",
                (true, false) => "https",
                (false, true) => "Signature Version 4",
                (false, false) => "nothing",
            };
            line(f, "rule", &format!("{} wants {demands}", rule.name))?;
            for citation in &rule.citations {
                line(f, "", &format!("  {citation}"))?;
            }
        }
        match &self.told {
            Some(told) => line(f, "told by", &format!("{}: {}", self.told_by, told.join(" or ")))?,
            None => line(f, "told by", self.told_by)?,
        }
        if let Some(what) = self.depends_on {
            line(f, "depends on", what)?;
        }
        for case in &self.cases {
            line(f, "", &format!("  {}: {}", case.encryption, case.verdict.name()))?;
        }
        for change in &self.changes {
            line(
                f,
                "instead",
                &format!("{}: {}", change.change, change.verdict.name()),
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        line(f, "operation", self.operation)?;
        if let Some(also) = self.also {
            line(f, "", &format!("  judged as {also} as well"))?;
        }
        line(f, "bucket", self.bucket.as_deref().unwrap_or("-"))?;
        line(f, "key", self.key.as_deref().unwrap_or("-"))?;
        line(f, "arrives over", self.scheme)?;
        line(f, "dialect", self.dialect)?;
        match self.signed_in {
            Some(place) => line(f, "signature", &format!("{}, in the {place}", self.signature))?,
            None => line(f, "signature", self.signature)?,
        }
        line(f, "target", &self.target.join(" or "))?;
        if let Some(source) = &self.source {
            line(f, "source", &source.join(" or "))?;
        }
        for seen in &self.evidence {
            line(
                f,
                "evidence",
                &format!("{}: {} (in the {})", seen.name, seen.value, seen.place),
            )?;
            line(f, "", &format!("  {}", seen.counted))?;
        }
        Ok(())
    }
}

fn line(f: &mut fmt::Formatter<'_>, label: &str, text: &str) -> fmt::Result {
    writeln!(f, "{label:<13} {text}")
}
