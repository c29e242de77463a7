using Alloc.Processors.Documents;

namespace Alloc.Processors.Allocation.Policy.Document;

/// <summary>Makes a policy of a document's fields, table by table, and has it checked.</summary>
internal sealed class PolicyReader
{
    private readonly ProblemList problems = new("policy");
    private int rowsLeft = PolicyDocument.MaximumRows;

    /// <summary>The tables with the places of their rows.</summary>
    public LocatedTables Tables { get; } = new();

    public static PolicyReading Read(DocumentNode root, AllocationPolicy? previous)
    {
        var reader = new PolicyReader();
        var policy = reader.Policy(root);
        if (policy is not null && !reader.problems.HasErrors)
        {
            PolicyChecks.Run(policy, reader.Tables, new FieldReader(root, "", reader.problems), previous,
                reader.problems);
        }
        return reader.problems.HasErrors
            ? new PolicyReading(null, reader.problems.Errors, [])
            : new PolicyReading(policy, [], reader.problems.Notes);
    }

    private AllocationPolicy? Policy(DocumentNode root)
    {
        if (root.Kind != NodeKind.Object)
        {
            problems.Error(
                root, "", $"The document is {(root.Kind == NodeKind.Null ? "empty" : root.Shown)}.",
                "Write an object with version, classes, tables.");
            return null;
        }
        var fields = new FieldReader(root, "", problems);
        var policy = new AllocationPolicy
        {
            Version = (int)fields.Whole("version", 0, int.MaxValue),
            Limits = LimitsReader.Read(fields.Object("limits")),
            Classes = fields.Texts("classes", PolicyRanges.Classes),
            ClassMappings = Mappings(fields),
            ClassTable = Rows(fields, "class", RowReader.Class, Tables.Class),
            TtlTable = Rows(fields, "ttl", RowReader.Ttl, Tables.Ttl),
            ConductTable = Rows(fields, "conduct", RowReader.Conduct, Tables.Conduct),
            ImportanceTable = Rows(fields, "importance", RowReader.Importance, Tables.Importance),
            OverbookingTable = Rows(fields, "overbooking", RowReader.Overbooking, Tables.Overbooking),
            ProtectionTable = Rows(fields, "protection", RowReader.Protection, Tables.Protection),
            QuotaTable = Rows(fields, "quota", RowReader.Quota, Tables.Quota),
            PreemptionTable = Rows(fields, "preemption", RowReader.Preemption, Tables.Preemption),
            WaitlistTable = Rows(fields, "waitlist", RowReader.Waitlist, Tables.Waitlist),
            DeficitTable = Rows(fields, "deficit", RowReader.Deficit, Tables.Deficit),
            ModeTable = Rows(fields, "modes", RowReader.Mode, Tables.Mode),
            Drift = Drift(fields.Object("drift")),
        };
        fields.Finish();
        return policy;
    }

    private ValueList<ClassMapping> Mappings(FieldReader fields)
    {
        var mappings = new List<ClassMapping>();
        foreach (var mapping in fields.Objects("classMappings", PolicyRanges.ClassMappings))
        {
            mappings.Add(new ClassMapping(mapping.Text("from"), mapping.Text("to")));
            Tables.Mappings.Add(new Located<ClassMapping>(mappings[^1], mapping));
            mapping.Finish();
        }
        return new ValueList<ClassMapping>([.. mappings]);
    }

    private static DriftTolerance? Drift(FieldReader? fields)
    {
        if (fields is null)
        {
            return null;
        }
        var drift = new DriftTolerance(
            fields.Whole("absolute", 0, PolicyRanges.Units), (int)fields.Whole("percent", 0, 100));
        fields.Finish();
        return drift;
    }

    private PolicyTable<TRow> Rows<TRow>(
        FieldReader fields, string name, Func<FieldReader, TRow> read, List<Located<TRow>> located)
        where TRow : IPolicyRow
    {
        foreach (var row in fields.Objects(name, PolicyDocument.MaximumRows))
        {
            if (--rowsLeft == -1)
            {
                fields.Error(name, $"The document has more than {PolicyDocument.MaximumRows} rows.",
                    "Merge rows by patterns.");
            }
            if (rowsLeft < 0)
            {
                break;
            }
            located.Add(new Located<TRow>(read(row), row));
            row.Finish();
        }
        return new PolicyTable<TRow>([.. located.Select(entry => entry.Row)]);
    }
}

/// <summary>The rows of a document and where they stand.</summary>
internal sealed class LocatedTables
{
    public List<Located<ClassMapping>> Mappings { get; } = [];

    public List<Located<ClassRow>> Class { get; } = [];

    public List<Located<TtlRow>> Ttl { get; } = [];

    public List<Located<ConductRow>> Conduct { get; } = [];

    public List<Located<ImportanceRow>> Importance { get; } = [];

    public List<Located<OverbookingRow>> Overbooking { get; } = [];

    public List<Located<ProtectionRow>> Protection { get; } = [];

    public List<Located<QuotaRow>> Quota { get; } = [];

    public List<Located<PreemptionRow>> Preemption { get; } = [];

    public List<Located<WaitlistRow>> Waitlist { get; } = [];

    public List<Located<DeficitRow>> Deficit { get; } = [];

    public List<Located<ModeRow>> Mode { get; } = [];
}
