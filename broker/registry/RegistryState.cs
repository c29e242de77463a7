using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Alloc.Broker.Registry;

/// <summary>Everything that the registry knows; a change makes a new one, which is stored before it is shown.</summary>
internal sealed record RegistryState
{
    public const int CurrentFormatVersion = 1;
    public const string DefaultLevel = "BACKWARD";

    public static readonly RegistryState Empty = new()
    {
        FormatVersion = CurrentFormatVersion,
        Level = DefaultLevel,
        Schemas = [],
        Subjects = ImmutableSortedDictionary.Create<string, RegistrySubject>(StringComparer.Ordinal),
    };

    public required int FormatVersion { get; init; }

    /// <summary>The level of subjects that have none of their own.</summary>
    public required string Level { get; init; }

    /// <summary>Normalized texts; a schema's id is its index + 1. Ids are never given twice.</summary>
    public required ImmutableList<string> Schemas { get; init; }

    public required ImmutableSortedDictionary<string, RegistrySubject> Subjects { get; init; }

    public string? SchemaOf(int id) => id >= 1 && id <= Schemas.Count ? Schemas[id - 1] : null;

    public string LevelOf(string subject) => Subjects.GetValueOrDefault(subject)?.Level ?? Level;
}

/// <summary>A subject: versions in the order of registration.</summary>
/// <param name="Level">The subject's own compatibility level; null when the registry's applies.</param>
/// <param name="NextVersion">The number of the next version: numbers are never given twice.</param>
/// <param name="Versions">What is registered; a deleted version stays until it is deleted for good.</param>
internal sealed record RegistrySubject(string? Level, int NextVersion, ImmutableList<RegistryVersion> Versions)
{
    public static readonly RegistrySubject Empty = new(null, 1, []);

    public IEnumerable<RegistryVersion> Visible(bool withDeleted) => Versions.Where(v => withDeleted || !v.IsDeleted);
}

/// <summary>One version of a subject.</summary>
/// <param name="Version">Its number, from 1.</param>
/// <param name="SchemaId">The id of its schema.</param>
/// <param name="IsDeleted">Whether it was deleted; its records can still be read.</param>
internal sealed record RegistryVersion(int Version, int SchemaId, bool IsDeleted);

/// <summary>How the state is stored.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(RegistryState))]
internal sealed partial class RegistryJson : JsonSerializerContext;
