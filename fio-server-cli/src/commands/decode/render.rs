//! A message as lines and as JSON.

use std::fmt::Write as _;

use fio_proto::describe::{Described, Field, Value};
use serde_json::{Value as Json, json};

/// A line for the message, with who sent it if that is not plain, and one for each field that is not
/// zero.
pub(super) fn as_text(message: &Described, sender: &str) -> String {
    let frames = message.fragments.len();
    let mut text = format!(
        "{:#010x}  {}  {sender}version {}, tag {}, {frames} frame{}, payload {} bytes\n",
        message.offset,
        message.name(),
        message.version,
        message.tag.0,
        if frames == 1 { "" } else { "s" },
        message.payload_len,
    );
    // Writing to a string never fails.
    match &message.fields {
        Ok(fields) => {
            for field in fields.iter().filter(|field| !field.value.is_zero()) {
                let _ = writeln!(text, "            {field}");
            }
        }
        Err(closed) => {
            let _ = writeln!(text, "            ({closed})");
        }
    }
    text
}

pub(super) fn as_json(message: &Described) -> Json {
    let fields = match &message.fields {
        Ok(fields) => fields.iter().map(field_as_json).collect(),
        Err(closed) => json!({ "error": closed.to_string() }),
    };
    json!({
        "offset": message.offset,
        "command": message.name(),
        "opcode": message.opcode.number(),
        "version": message.version.number(),
        "tag": message.tag.0,
        "frames": message.fragments.len(),
        "payload_bytes": message.payload_len,
        "fields": fields,
    })
}

fn field_as_json(field: &Field) -> Json {
    json!({
        "name": field.name,
        "offset": field.offset,
        "type": field.type_name(),
        "unit": field.unit.to_string(),
        "value": value_as_json(&field.value),
    })
}

fn value_as_json(value: &Value) -> Json {
    match value {
        Value::Unsigned(value) => json!(value),
        Value::Signed(value) => json!(value),
        Value::Float(value) => json!(value),
        Value::Text(text) => json!(text.to_string_lossy()),
        Value::List(values) => values.iter().map(value_as_json).collect(),
        Value::Record(fields) => fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value_as_json(value)))
            .collect(),
        _ => Json::Null,
    }
}
