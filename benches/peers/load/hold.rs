//! Idle connections, each after one exchange, to see what they cost.

use std::io::{self, Read as _};

use serde_json::json;

use crate::client::{Target, head};

pub(crate) fn run(target: &Target, connections: usize) -> io::Result<()> {
    let get = head("GET", &target.path, None);
    let mut buffer = vec![0; 64 << 10];
    let mut held = Vec::with_capacity(connections);
    for _ in 0..connections {
        let mut connection = target.connect()?;
        let answer = connection.get(&get, &mut buffer)?;
        if answer.status != 200 {
            return Err(io::Error::other(format!("answered with {}", answer.status)));
        }
        held.push(connection);
    }
    println!("{}", json!({ "ok": held.len(), "failed": 0 }));
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
