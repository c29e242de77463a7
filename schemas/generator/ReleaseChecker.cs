using System.Collections.Immutable;
using System.Globalization;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Registry;

namespace Alloc.Schemas.Generator;

/// <summary>
/// Holds the schemas to the versions that were released, <c>released/&lt;subject&gt;/v1.avsc</c> and so on: a change
/// that breaks a reader does not build. A subject is a topic's, at the level that the catalogue of topics names, or the
/// full name of a record that stores hold, which must be read for ever.
/// </summary>
internal static class ReleaseChecker
{
    /// <summary>Name of the catalogue's file.</summary>
    public const string CatalogueFile = "topics.json";

    /// <summary>The schema is not compatible with a released version.</summary>
    public const string IncompatibleSchema = "AVRO004";

    private const string ReleasedFolder = "released";

    /// <summary>Whether the file says what was released, rather than what is built.</summary>
    public static bool Concerns(SchemaFile file) =>
        Path.GetFileName(file.Path) == CatalogueFile || Segments(file.Path).Contains(ReleasedFolder);

    public static ImmutableArray<SchemaProblem> Check(
        ImmutableArray<SchemaFile> files, ImmutableArray<SchemaFile> releases)
    {
        var errors = new List<AvroSchemaException>();
        var types = SchemaParser.ParseFiles(SchemaCompiler.Ordered(files), errors)
            .ToDictionary(t => t.FullName, StringComparer.Ordinal);
        if (errors.Count > 0)
        {
            // Reported where the sources are made.
            return [];
        }
        try
        {
            var topics = ReadCatalogue(releases.FirstOrDefault(f => Path.GetFileName(f.Path) == CatalogueFile));
            return
            [
                .. releases.Where(f => Path.GetFileName(f.Path) != CatalogueFile)
                    .GroupBy(f => SubjectOf(f.Path), StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal)
                    .SelectMany(g => CheckSubject(g.Key, [.. g.OrderBy(f => VersionOf(f.Path))], types, topics)),
            ];
        }
        catch (AvroSchemaException error)
        {
            return [SchemaCompiler.Problem(SchemaCompiler.InvalidSchema, error)];
        }
    }

    private static IEnumerable<SchemaProblem> CheckSubject(
        string subject,
        IReadOnlyList<SchemaFile> versions,
        Dictionary<string, NamedSchema> types,
        Dictionary<string, (string Schema, CompatibilityLevel Level)> topics)
    {
        var (name, level) = topics.TryGetValue(subject, out var topic)
            ? topic
            : (subject, CompatibilityLevel.BackwardTransitive);
        if (!types.TryGetValue(name, out var type))
        {
            return
            [
                SchemaCompiler.Problem(IncompatibleSchema, new AvroSchemaException(
                    $"{subject} was released, but there is no schema {name} any more", versions[0].Path, default)),
            ];
        }
        var released = versions.Select(v => SchemaParser.Parse(v.Text, v.Path)).ToList();
        return SchemaCompatibility.Check(type, released, level).Select(problem => SchemaCompiler.Problem(
            IncompatibleSchema, new AvroSchemaException(
                $"{subject} is held to {CompatibilityLevels.Format(level)}: {problem}",
                type.SchemaSource, type.Place)));
    }

    private static Dictionary<string, (string Schema, CompatibilityLevel Level)> ReadCatalogue(SchemaFile? file)
    {
        var topics = new Dictionary<string, (string Schema, CompatibilityLevel Level)>(StringComparer.Ordinal);
        var items = file is null ? [] : JsonValue.Parse(file.Text, file.Path).Find("topics")?.Items ?? [];
        foreach (var topic in items)
        {
            if (topic.Find("name") is { } name && topic.Find("schema") is { } schema
                && CompatibilityLevels.TryParse(topic.Find("compatibility")?.Text, out var level))
            {
                topics[name.Text + "-value"] = (schema.Text, level);
            }
        }
        return topics;
    }

    private static string[] Segments(string path) => path.Split('/', '\\');

    private static string SubjectOf(string path)
    {
        var segments = Segments(path);
        return segments.Length > 1 ? segments[segments.Length - 2] : string.Empty;
    }

    private static int VersionOf(string path) => int.TryParse(
        Path.GetFileNameWithoutExtension(path).TrimStart('v'), NumberStyles.None,
        CultureInfo.InvariantCulture, out var version)
        ? version
        : int.MaxValue;
}
