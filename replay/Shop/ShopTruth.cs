namespace Alloc.Replay.Shop;

/// <summary>What must be found: every mismatch that was injected, as class and id of the scope, with its
/// fault.</summary>
internal sealed class ShopTruth
{
    private readonly SortedDictionary<string, ShopFault> found = new(StringComparer.Ordinal);

    /// <summary>Every mismatch that must be found, with the fault because of which.</summary>
    public IReadOnlyDictionary<string, ShopFault> Mismatches => found;

    /// <summary>Faults that were injected, by kind.</summary>
    public SortedDictionary<ShopFault, long> Injected { get; } = [];

    /// <summary>A fault was injected.</summary>
    public void Inject(ShopFault fault) => Injected[fault] = Injected.GetValueOrDefault(fault) + 1;

    /// <summary>A mismatch must be found because of a fault.</summary>
    public void Expect(ShopFault fault, string mismatch, string scope) => found[$"{mismatch} {scope}"] = fault;
}
