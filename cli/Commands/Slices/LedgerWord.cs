using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Alloc.Cli.Clients;
using Alloc.Client;

namespace Alloc.Cli.Commands.Slices;

/// <summary>Which degraded modes the ledger has on, partition by partition, as far as an instance can tell.</summary>
internal sealed class LedgerWord
{
    private readonly JsonNode? settings;

    private LedgerWord(JsonNode? settings) => this.settings = settings;

    /// <summary>The modes that are on somewhere: equal ones of several partitions are one row.</summary>
    public IReadOnlyList<JsonObject> Rows =>
        IsKnown ? PartitionSettingsReads.Gather(settings!, "modes") : [];

    /// <summary>Whether any partition answered.</summary>
    public bool IsKnown => Partitions > 0;

    private int Partitions => settings?["partitions"]?.AsArray().Count ?? 0;

    private int Missing => settings?["missing"]?.AsArray().Count ?? 0;

    /// <summary>Reads it; where nobody answers, nothing is known.</summary>
    public static async Task<LedgerWord> ReadAsync(JsonHttp console, CancellationToken cancellation)
    {
        try
        {
            var (status, body) = await console.TryAsync(HttpMethod.Get, "v1/settings", cancellation)
                .ConfigureAwait(false);
            return new LedgerWord(status == HttpStatusCode.OK ? body : null);
        }
        catch (AllocException e) when (e.Kind is FailureKind.Unavailable or FailureKind.Failed)
        {
            return new LedgerWord(null);
        }
    }

    /// <summary>What was read already.</summary>
    public static LedgerWord From(JsonNode settings) => new(settings);

    /// <summary>What the ledger says of a mode, as the rest of a sentence.</summary>
    public string Of(string mode) => IsKnown
        ? (OnIn(mode), Missing) switch
        {
            ([], 0) => "the ledger does not have it on",
            ([], _) => "the ledger does not have it on where it was asked",
            ({ Count: var count }, 0) when count == Partitions =>
                string.Create(CultureInfo.InvariantCulture, $"the ledger has it on in all {count} partitions"),
            (var on, _) => string.Create(
                CultureInfo.InvariantCulture,
                $"the ledger has it on in {Named(on)} of {Partitions + Missing}"),
        }
        : "the ledger's word is not known here";

    /// <summary>
    /// Whether the ledger says something else than that the mode is on, or off; false where it is not known.
    /// </summary>
    public bool Contradicts(string mode, bool isOn) =>
        IsKnown && (isOn ? OnIn(mode).Count < Partitions : OnIn(mode).Count > 0);

    private List<int> OnIn(string mode) =>
        [.. Rows.Where(r => r["mode"]!.ToString() == mode)
            .SelectMany(r => r["partitions"]!.AsArray().Select(p => p!.GetValue<int>())).Order()];

    private static string Named(List<int> partitions) =>
        (partitions.Count == 1 ? "partition " : "partitions ")
        + string.Join(", ", partitions.Select(p => p.ToString(CultureInfo.InvariantCulture)));
}
