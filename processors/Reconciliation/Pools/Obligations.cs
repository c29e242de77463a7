using System.Text;
using Alloc.Engine.State;
using Alloc.Processors.Catalogue;
using Alloc.Processors.Reconciliation.Differences;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Pools;

/// <summary>What a service owes for an event.</summary>
/// <param name="Row">The row that says so.</param>
/// <param name="Service">The service.</param>
/// <param name="SinceMs">For events decided from then on, milliseconds since 1970 UTC.</param>
internal readonly record struct Obligation(EffectRow Row, string Service, long SinceMs);

/// <summary>
/// Which services owe something for which events, and since when: since the catalogue that first said so was applied,
/// whatever else was changed in it later.
/// </summary>
internal sealed class Obligations
{
    private const string Prefix = "obliged/";
    private readonly IKeyValueStore<string, Mark> marks;
    private readonly PartitionCatalogue catalogue;
    private Dictionary<string, long> sinceMs = [];
    private Dictionary<string, Obligation[]> owed = [];
    private HashSet<string> services = [];

    public Obligations(IKeyValueStore<string, Mark> marks, PartitionCatalogue catalogue)
    {
        (this.marks, this.catalogue) = (marks, catalogue);
        Read(name => marks.Get(name)?.Value);
    }

    /// <summary>Whether nobody owes anything.</summary>
    public bool IsEmpty => owed.Count == 0;

    /// <summary>Another catalogue is in force.</summary>
    public void Follow()
    {
        var before = sinceMs;
        Read(name => before.TryGetValue(name, out var known) ? known : null);
        foreach (var (name, atMs) in sinceMs)
        {
            marks.Put(name, new Mark { Value = atMs });
        }
        foreach (var over in marks.Prefix(Encoding.UTF8.GetBytes(Prefix)).Select(m => m.Key)
            .Where(name => !sinceMs.ContainsKey(name)).ToList())
        {
            marks.Delete(over);
        }
    }

    /// <summary>Whether a service owes anything.</summary>
    public bool IsOf(string service) => services.Contains(service);

    /// <summary>What is owed for an event.</summary>
    public IReadOnlyList<Obligation> For(string name) => owed.GetValueOrDefault(name, []);

    private void Read(Func<string, long?> known)
    {
        var effects = catalogue.InForce.Effects;
        services = [.. effects.SelectMany(r => r.Services)];
        sinceMs = effects.SelectMany(r => r.Services, NameOf).Distinct(StringComparer.Ordinal)
            .ToDictionary(name => name, name => known(name) ?? catalogue.AppliedAtMs, StringComparer.Ordinal);
        owed = effects.GroupBy(r => r.Event, StringComparer.Ordinal).ToDictionary(
            g => g.Key,
            g => g.SelectMany(r => r.Services, (r, s) => new Obligation(r, s, sinceMs[NameOf(r, s)])).ToArray(),
            StringComparer.Ordinal);
    }

    // An event's name has no slash in it.
    private static string NameOf(EffectRow row, string service) => $"{Prefix}{row.Event}/{service}";
}
