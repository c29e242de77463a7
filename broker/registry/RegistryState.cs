using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Alloc.Broker.Registry;

/// <summary>Everything that the registry knows; a change makes a new one, which is stored before it is shown.</summary>
internal sealed record RegistryState
{
    /// <summary>2 since schemas stand under their ids, which an import may choose.</summary>
    public const int CurrentFormatVersion = 2;
    public const string DefaultLevel = "BACKWARD";

    public static readonly RegistryState Empty = new()
    {
        FormatVersion = CurrentFormatVersion,
        Level = DefaultLevel,
        Schemas = ImmutableSortedDictionary<int, string>.Empty,
        Subjects = ImmutableSortedDictionary.Create<string, RegistrySubject>(StringComparer.Ordinal),
    };

    public required int FormatVersion { get; init; }

    /// <summary>The level of subjects that have none of their own.</summary>
    public required string Level { get; init; }

    /// <summary>The mode of subjects that have none of their own.</summary>
    public string Mode { get; init; } = RegistryModes.ReadWrite;

    /// <summary>Normalized texts by id. None is ever removed, so that records can be read and no id comes to stand for
    /// another schema.</summary>
    public required ImmutableSortedDictionary<int, string> Schemas { get; init; }

    public required ImmutableSortedDictionary<string, RegistrySubject> Subjects { get; init; }

    /// <summary>The id of the next new schema.</summary>
    [JsonIgnore]
    public int NextId => Schemas.IsEmpty ? 1 : checked(Schemas.Keys.Max() + 1);

    public string? SchemaOf(int id) => Schemas.GetValueOrDefault(id);

    /// <summary>The lowest id that has the schema; null if none has.</summary>
    public int? IdOf(string schema)
    {
        foreach (var (id, text) in Schemas)
        {
            if (text == schema)
            {
                return id;
            }
        }
        return null;
    }

    public string LevelOf(string subject) => Subjects.GetValueOrDefault(subject)?.Level ?? Level;

    /// <summary>The mode that counts for a subject, or for the registry when it is null.</summary>
    public string ModeOf(string? subject) =>
        subject is null || Mode == RegistryModes.ReadOnlyOverride
            ? Mode
            : Subjects.GetValueOrDefault(subject)?.Mode ?? Mode;
}

/// <summary>A subject: versions by rising number.</summary>
/// <param name="Level">The subject's own compatibility level; null when the registry's applies.</param>
/// <param name="Versions">What is registered; a deleted version stays until it is deleted for good.</param>
/// <param name="Mode">The subject's own mode; null when the registry's applies.</param>
internal sealed record RegistrySubject(string? Level, ImmutableList<RegistryVersion> Versions, string? Mode = null)
{
    public static readonly RegistrySubject Empty = new(null, []);

    /// <summary>
    /// The number of the next version: after all that are there, deleted or not. What was deleted for good is
    /// forgotten, so that a subject that was starts at 1 again, as clients of Confluent's registry expect.
    /// </summary>
    [JsonIgnore]
    public int NextVersion => Versions.IsEmpty ? 1 : Versions[^1].Version + 1;

    public IEnumerable<RegistryVersion> Visible(bool withDeleted) => Versions.Where(v => withDeleted || !v.IsDeleted);

    /// <summary>With one more version, in its place by number.</summary>
    public RegistrySubject With(RegistryVersion version)
    {
        var index = Versions.FindIndex(v => v.Version > version.Version);
        return this with { Versions = index < 0 ? Versions.Add(version) : Versions.Insert(index, version) };
    }
}

/// <summary>One version of a subject.</summary>
/// <param name="Version">Its number, from 1.</param>
/// <param name="SchemaId">The id of its schema.</param>
/// <param name="IsDeleted">Whether it was deleted; its records can still be read.</param>
internal sealed record RegistryVersion(int Version, int SchemaId, bool IsDeleted);

/// <summary>The state as format 1 had it: a schema's id was its index + 1.</summary>
internal sealed record RegistryStateFormat1(
    string Level, ImmutableList<string> Schemas, ImmutableSortedDictionary<string, RegistrySubject> Subjects)
{
    public const int FormatVersion = 1;

    public RegistryState Upgrade() => RegistryState.Empty with
    {
        Level = Level,
        Schemas = Schemas.Select((text, index) => KeyValuePair.Create(index + 1, text)).ToImmutableSortedDictionary(),
        Subjects = Subjects,
    };
}

/// <summary>What every format opens with.</summary>
internal sealed record RegistryFormat(int FormatVersion);

/// <summary>How the state is stored.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(RegistryState))]
[JsonSerializable(typeof(RegistryStateFormat1))]
[JsonSerializable(typeof(RegistryFormat))]
internal sealed partial class RegistryJson : JsonSerializerContext;
