using Alloc.Schemas.Avro;

namespace Alloc.Schemas.Registry;

/// <summary>
/// Whether schemas can read each other (specification 1.11, "Schema Resolution"; levels as Confluent's registry defines
/// them). Stricter than reading one record: every branch and every symbol that the writer may write must have a
/// counterpart.
/// </summary>
public static class SchemaCompatibility
{
    /// <summary>What stands against a new version; empty when it is compatible.</summary>
    /// <param name="candidate">The new version.</param>
    /// <param name="versions">The versions so far, oldest first.</param>
    /// <param name="level">What the new version is held to.</param>
    public static IReadOnlyList<string> Check(
        AvroSchema candidate, IReadOnlyList<AvroSchema> versions, CompatibilityLevel level)
    {
        var problems = new List<string>();
        var first = CompatibilityLevels.IsTransitive(level) ? 0 : Math.Max(0, versions.Count - 1);
        for (var i = versions.Count - 1; i >= first; i--)
        {
            var version = i + 1;
            if (CompatibilityLevels.ChecksBackward(level))
            {
                problems.AddRange(CannotRead(candidate, versions[i])
                    .Select(p => $"the new schema cannot read version {version}: {p}"));
            }
            if (CompatibilityLevels.ChecksForward(level))
            {
                problems.AddRange(CannotRead(versions[i], candidate)
                    .Select(p => $"version {version} cannot read the new schema: {p}"));
            }
        }
        return problems;
    }

    /// <summary>
    /// Why a reader's schema cannot read everything that a writer's schema may write; empty when it can.
    /// </summary>
    public static IReadOnlyList<string> CannotRead(AvroSchema reader, AvroSchema writer)
    {
        var problems = new List<string>();
        new Comparison(problems, []).Compare(writer, reader, string.Empty);
        return problems;
    }

    /// <summary>One walk through both schemas; a pair of records is compared once.</summary>
    private sealed class Comparison(List<string> problems, HashSet<(RecordSchema, RecordSchema)> compared)
    {
        public void Compare(AvroSchema writer, AvroSchema reader, string path)
        {
            if (writer is UnionSchema writerUnion)
            {
                foreach (var branch in writerUnion.Branches)
                {
                    Compare(branch, reader, path);
                }
                return;
            }
            if (reader is UnionSchema readerUnion)
            {
                CompareToUnion(writer, readerUnion, path);
                return;
            }
            if (SchemaMatching.LogicalTypeConflict(writer, reader) is { } conflict)
            {
                Add(path, conflict);
                return;
            }
            switch (writer, reader)
            {
                case (RecordSchema w, RecordSchema r) when SchemaMatching.NamesMatch(w, r):
                    CompareRecords(w, r, path);
                    break;
                case (EnumSchema w, EnumSchema r) when SchemaMatching.NamesMatch(w, r):
                    var missing = w.Symbols.Where(s => r.IndexOf(s) < 0).ToArray();
                    if (missing.Length > 0 && r.DefaultSymbol is null)
                    {
                        Add(path,
                            $"{SchemaMatching.Describe(r)} lacks {string.Join(", ", missing)} and has no default");
                    }
                    break;
                case (FixedSchema w, FixedSchema r) when SchemaMatching.NamesMatch(w, r) && w.Size == r.Size:
                    break;
                case (ArraySchema w, ArraySchema r):
                    Compare(w.Items, r.Items, path + "[]");
                    break;
                case (MapSchema w, MapSchema r):
                    Compare(w.Values, r.Values, path + "{}");
                    break;
                case (PrimitiveSchema w, PrimitiveSchema r)
                    when w.Type == r.Type || SchemaMatching.IsPromotable(w.Type, r.Type):
                    break;
                default:
                    Add(path, $"{SchemaMatching.Describe(writer)} cannot be read as {SchemaMatching.Describe(reader)}");
                    break;
            }
        }

        private void CompareRecords(RecordSchema writer, RecordSchema reader, string path)
        {
            if (!compared.Add((writer, reader)))
            {
                return;
            }
            foreach (var field in reader.Fields)
            {
                var fieldPath = path.Length == 0 ? field.Name : path + "." + field.Name;
                if (SchemaMatching.FindField(writer, field) is { } source)
                {
                    Compare(source.Schema, field.Schema, fieldPath);
                }
                else if (field.Default is null)
                {
                    Add(fieldPath, "is not written and has no default");
                }
            }
        }

        private void CompareToUnion(AvroSchema writer, UnionSchema reader, string path)
        {
            // The branch of the same name is the one that is meant: its problems say more than that no branch fits.
            var sameName = writer is NamedSchema named
                ? reader.Branches.FirstOrDefault(b => b is NamedSchema r && b.Type == writer.Type
                    && r.FullName == named.FullName)
                : null;
            if (reader.Branches.Any(branch => Fits(writer, branch)))
            {
                return;
            }
            if (sameName is not null)
            {
                Compare(writer, sameName, $"{path}<{((NamedSchema)sameName).Name}>");
                return;
            }
            Add(path, $"{SchemaMatching.Describe(writer)} is no branch of the union");
        }

        private bool Fits(AvroSchema writer, AvroSchema reader)
        {
            var trial = new List<string>();
            // A copy: what is assumed while a branch is tried must not be taken for true if it does not fit.
            new Comparison(trial, [.. compared]).Compare(writer, reader, string.Empty);
            return trial.Count == 0;
        }

        private void Add(string path, string problem) =>
            problems.Add(path.Length == 0 ? problem : $"{path} {problem}");
    }
}
