using System.Text.Json;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Catalogue;
using Alloc.Schemas.Registry;

namespace Schemas.Tests.Catalogue;

/// <summary>
/// The working tree against the versions that were released: <c>schemas/released/&lt;subject&gt;/v1.avsc</c> and so on.
/// A subject is a topic's, held to the level in the catalogue, or the full name of a record that state stores hold,
/// which must be read for ever.
/// </summary>
public sealed class ReleasedSchemaTests
{
    private static readonly string Root = Path.Combine(WorkingTree.Schemas, "released");
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    [Fact]
    public void Every_schema_of_the_catalogue_and_of_the_stores_is_released()
    {
        Assert.SkipUnless(Directory.Exists(Root), "Nothing is released yet.");
        var subjects = Subjects(WorkingTree.Read()).Select(s => s.Subject).Order(StringComparer.Ordinal);

        var released = Directory.EnumerateDirectories(Root).Select(d => Path.GetFileName(d)!)
            .Order(StringComparer.Ordinal);

        Assert.Equal(subjects, released);
    }

    [Fact]
    public void The_working_tree_is_compatible_with_every_released_version()
    {
        foreach (var (subject, schema, level) in Subjects(WorkingTree.Read()))
        {
            var problems = SchemaCompatibility.Check(schema, Released(subject), level);

            Assert.True(problems.Count == 0, $"{subject} ({level}): {string.Join("; ", problems)}");
        }
    }

    /// <summary>
    /// Not a test: writes what differs from its newest released version as the next one. Run with -explicit only.
    /// </summary>
    [Fact(Explicit = true)]
    public void Release_the_working_tree()
    {
        foreach (var (subject, schema, _) in Subjects(WorkingTree.Read()))
        {
            var versions = Released(subject);
            if (versions.Count == 0 || versions[^1].ToString() != schema.ToString())
            {
                Directory.CreateDirectory(Path.Combine(Root, subject));
                using var text = JsonDocument.Parse(schema.ToString());
                File.WriteAllText(FileOf(subject, versions.Count + 1), JsonSerializer.Serialize(text, Indented) + "\n");
            }
        }
    }

    private static IEnumerable<(string Subject, NamedSchema Schema, CompatibilityLevel Level)> Subjects(
        IReadOnlyDictionary<string, NamedSchema> types)
    {
        foreach (var topic in TopicCatalogue.Load().Topics.Where(t => t.Schema is not null))
        {
            Assert.True(types.ContainsKey(topic.Schema!), $"{topic.Name} has no schema {topic.Schema}");
            Assert.True(CompatibilityLevels.TryParse(topic.Compatibility, out var level));
            yield return (topic.Subject, types[topic.Schema!], level);
        }
        foreach (var type in types.Values.Where(IsStoredByItself))
        {
            yield return (type.FullName, type, CompatibilityLevel.BackwardTransitive);
        }
    }

    // What stores hold stands in a folder of its own, each record in a file of its name.
    private static bool IsStoredByItself(NamedSchema type) => type is RecordSchema
        && Path.GetFileName(Path.GetDirectoryName(type.SchemaSource)) == "state"
        && Path.GetFileNameWithoutExtension(type.SchemaSource) == type.Name;

    private static string FileOf(string subject, int version) => Path.Combine(Root, subject, $"v{version}.avsc");

    private static List<AvroSchema> Released(string subject)
    {
        var versions = new List<AvroSchema>();
        for (var file = FileOf(subject, 1); File.Exists(file); file = FileOf(subject, versions.Count + 1))
        {
            versions.Add(SchemaParser.Parse(File.ReadAllText(file), file));
        }
        return versions;
    }
}
