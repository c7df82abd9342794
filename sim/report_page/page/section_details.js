// Members of any report as tables, whatever they are called.
function memberText(value) {
  return value !== null && typeof value === "object" ? JSON.stringify(value) : number(value);
}

// {"a": {"b": 1}} -> [["/a/b", 1]]; lists stay whole.
function flat(value, pointer = "") {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return [[pointer, value]];
  return Object.entries(value).flatMap(([key, inner]) => flat(inner, `${pointer}/${key}`));
}

const isRecords = (value) => Array.isArray(value) && value.length > 0 && value.every((row) => row !== null && typeof row === "object" && !Array.isArray(row));

function recordTable(name, rows) {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return sortableTable({caption: name, columns: names.map((key) => ({name: key, values: rows.map((row) => {
    const value = row[key];
    return value !== null && typeof value === "object" ? JSON.stringify(value) : value;
  })}))});
}

sections.details = {
  order: 95,
  title: "Everything else in the report",
  draw(data) {
    return Object.entries(data).map(([name, value]) => fold(words(name), () => {
      if (isRecords(value)) return recordTable(name, value);
      const members = flat(value);
      const plain = members.filter(([, held]) => !isRecords(held));
      return [
        plain.length ? sortableTable({caption: name, columns: [{name: "member", title: "member", values: plain.map(([pointer]) => pointer || "/"), format: String},
          {name: "value", values: plain.map(([, held]) => typeof held === "number" ? held : memberText(held))}]}) : null,
        ...members.filter(([, held]) => isRecords(held)).flatMap(([pointer, held]) => [el("h3", {}, pointer), recordTable(pointer, held)]),
      ];
    }));
  },
};
