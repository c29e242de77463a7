using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Client;

namespace Alloc.Cli.Clients;

/// <summary>
/// What answers of the HTTP API did not have: partitions that nobody could answer for, or instances that were silent.
/// Gathered over the pages of a listing.
/// </summary>
internal sealed class Incomplete
{
    private readonly SortedDictionary<int, string> partitions = [];
    private readonly SortedDictionary<string, string> instances = new(StringComparer.Ordinal);

    /// <summary><c>--allow-incomplete</c>: act on what is there.</summary>
    public static Option<bool> Allow { get; } = new("--allow-incomplete")
    {
        Description = "Also where partitions are missing: what they have is left out",
    };

    /// <summary>True when something is missing.</summary>
    public bool IsAny => partitions.Count + instances.Count > 0;

    /// <summary>Reads what is missing off an answer, or off one of its pages.</summary>
    public void Add(JsonNode answer)
    {
        foreach (var missing in answer["missing"]?.AsArray().OfType<JsonObject>() ?? [])
        {
            var why = missing["why"]!.GetValue<string>();
            if (missing["partition"] is { } partition)
            {
                Add(partition.GetValue<int>(), why);
            }
            else
            {
                instances[missing["instance"]?.ToString() ?? ""] = why;
            }
        }
    }

    /// <summary>A partition is missing.</summary>
    public void Add(int partition, string why) => partitions.TryAdd(partition, why);

    /// <summary>What is missing, as the subject of a sentence.</summary>
    public string Names
    {
        get
        {
            var numbers = partitions.Keys.Select(p => p.ToString(CultureInfo.InvariantCulture)).ToList();
            return numbers.Count switch
            {
                0 => instances.Count == 1 && instances.First().Key is { Length: > 0 } one
                    ? $"Instance {one}" : "Instances",
                1 => $"Partition {numbers[0]}",
                _ => $"Partitions {string.Join(", ", numbers[..^1])} and {numbers[^1]}",
            };
        }
    }

    /// <summary>Why: each reason once.</summary>
    public string Why => string.Join(' ', partitions.Values.Concat(instances.Values).Distinct());

    /// <summary>Says what an answer does not show.</summary>
    /// <param name="context">Where to say it.</param>
    /// <param name="consequence">What follows, as the rest of a sentence: "… are missing here".</param>
    public void Warn(CommandContext context, string consequence = "missing here")
    {
        if (IsAny)
        {
            context.Screen.Warn($"{Names} {Verb} {consequence}: {Why}");
        }
    }

    /// <summary>Refuses to act on an answer that is not whole, unless told so; then says what is left out.</summary>
    /// <param name="context">The command, which has <see cref="Allow"/>.</param>
    /// <param name="isNot">What was not done, as a sentence: "Nothing was released."</param>
    /// <exception cref="AllocException">Something is missing.</exception>
    public void Refuse(CommandContext context, string isNot)
    {
        if (!IsAny)
        {
            return;
        }
        if (context.Get(Allow))
        {
            Warn(context, "left out");
            return;
        }
        throw AllocException.Unavailable(
            $"{Names} {Verb} missing from the answer: {Why}",
            $"{isNot} Try again; --allow-incomplete goes on without what is missing.");
    }

    private string Verb => partitions.Count == 1 || (partitions.Count == 0 && instances.Count == 1) ? "is" : "are";
}
