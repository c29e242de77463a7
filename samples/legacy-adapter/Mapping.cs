using System.Text.Json;
using System.Text.Json.Serialization;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Warehouse;

namespace Alloc.Samples.LegacyAdapter;

/// <summary>Which pool an article in a depot is, and what its units are worth.</summary>
/// <param name="Article">The article's number.</param>
/// <param name="Depot">The depot's code.</param>
/// <param name="Pool">The pool.</param>
/// <param name="Units">Units of the pool in one of the legacy system's units, at least 1: a carton is twelve.</param>
internal sealed record PoolRow(string Article, string Depot, string Pool, IReadOnlyDictionary<string, long> Units);

/// <summary>What a movement type means.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Takes">Adjusted: whether it takes away.</param>
/// <param name="Disposition">Returned: where the goods went.</param>
internal sealed record MovementRow(MovementKind Kind, bool Takes = false, ReturnDisposition? Disposition = null);

/// <summary>What an order's status means.</summary>
/// <param name="State">The state in the words of the contract.</param>
/// <param name="Reserved">Whether its lines have reservations, named order-line.</param>
internal sealed record OrderStateRow(string State, bool Reserved);

/// <summary>
/// What the words of the legacy system mean, as data that the people who know it write. What is not in it has no
/// meaning.
/// </summary>
internal sealed record Mapping(
    string Source, TimeSpan UtcOffset, IReadOnlyList<PoolRow> Pools,
    IReadOnlyDictionary<string, MovementRow> Movements, IReadOnlyDictionary<string, OrderStateRow> OrderStates)
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
        ReadCommentHandling = JsonCommentHandling.Skip,
        Converters = { new JsonStringEnumConverter(allowIntegerValues: false) },
    };

    /// <exception cref="MappingException">The file is no mapping; the text says where and why.</exception>
    public static Mapping Read(string path)
    {
        Mapping mapping;
        try
        {
            mapping = JsonSerializer.Deserialize<Mapping>(File.ReadAllText(path), Options)
                ?? throw new MappingException($"{path}: there is nothing in it.");
        }
        catch (JsonException e)
        {
            throw new MappingException($"{path}: {e.Message}");
        }
        if (mapping.Pools.GroupBy(p => (p.Article, p.Depot)).FirstOrDefault(g => g.Count() > 1) is { Key: var twice })
        {
            throw new MappingException(
                $"{path}: article {twice.Article} in depot {twice.Depot} has two rows; keep one.");
        }
        if (mapping.Pools.FirstOrDefault(p => p.Units.Values.Any(u => u < 1)) is { } wrong)
        {
            throw new MappingException($"{path}: pool {wrong.Pool} has a unit that is worth less than 1.");
        }
        return mapping;
    }
}

/// <summary>The mapping cannot be read.</summary>
internal sealed class MappingException(string message) : Exception(message);
