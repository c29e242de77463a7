using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;
using Alloc.Client;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Registry;
using Confluent.SchemaRegistry;
using Spectre.Console;

namespace Alloc.Cli.Commands.Subjects;

/// <summary>A schema in a file, against what the registry has under a subject.</summary>
internal sealed class SchemaCandidate
{
    private const int MaximumSize = 1 << 20;

    /// <summary><c>FILE</c>.</summary>
    public static Argument<string> File { get; } = new("file")
    {
        Description = "The schema, .avsc; - reads standard input",
    };

    /// <summary><c>--subject</c>.</summary>
    public static Option<string> Subject { get; } = new("--subject", "-s")
    {
        Description = "The subject; TOPIC-value for a topic's values",
        HelpName = "subject",
        Required = true,
    };

    /// <summary><c>--with</c>.</summary>
    public static Option<string[]> With { get; } = new("--with")
    {
        Description = "Another file whose types the schema uses; may be repeated",
        HelpName = "file",
        DefaultValueFactory = _ => [],
    };

    private SchemaCandidate(string file, AvroSchema schema, string subject)
    {
        FileName = file;
        Schema = schema;
        SubjectName = subject;
    }

    public string FileName { get; }

    public AvroSchema Schema { get; }

    public string SubjectName { get; }

    /// <summary>What a new version is held to.</summary>
    public CompatibilityLevel Level { get; private set; }

    /// <summary>The versions that there are, oldest first.</summary>
    public IReadOnlyList<int> Versions { get; private set; } = [];

    /// <summary>The version that says the same already; null for none.</summary>
    public int? SameAs { get; private set; }

    /// <summary>What stands against it, each with the version and the path; empty: nothing.</summary>
    public IReadOnlyList<string> Problems { get; private set; } = [];

    public bool IsCompatible => Problems.Count == 0;

    /// <summary>Reads the file and holds it against the registry.</summary>
    /// <exception cref="AllocException">The file is no schema.</exception>
    public static async Task<SchemaCandidate> CheckAsync(
        CommandContext context, GuardedRegistryClient registry, CancellationToken cancellation)
    {
        var candidate = new SchemaCandidate(context.Get(File), Read(context), context.Get(Subject));
        await candidate.CompareAsync(registry, cancellation).ConfigureAwait(false);
        return candidate;
    }

    /// <summary>The verdict as data.</summary>
    public JsonObject Json() => new()
    {
        ["file"] = FileName,
        ["subject"] = SubjectName,
        ["record"] = (Schema as NamedSchema)?.FullName,
        ["level"] = CompatibilityLevels.Format(Level),
        ["versions"] = new JsonArray([.. Versions.Select(v => (JsonNode)v)]),
        ["sameAs"] = SameAs,
        ["compatible"] = IsCompatible,
        ["problems"] = new JsonArray([.. Problems.Select(p => (JsonNode)p)]),
    };

    /// <summary>The same for people.</summary>
    public void Show(IAnsiConsole console)
    {
        console.MarkupLine(IsCompatible
            ? $"[green]✔[/] {Markup.Escape(FileName)} fits {Markup.Escape(SubjectName)}"
            : $"[red]✘[/] {Markup.Escape(FileName)} does not fit {Markup.Escape(SubjectName)}");
        Fields.Write(console, "level", CompatibilityLevels.Format(Level));
        Fields.Write(console, "versions", Versions.Count == 0
            ? "none: the subject is new"
            : string.Join(", ", Versions) + (SameAs is { } same ? $"; version {same} is the same" : ""));
        foreach (var problem in Problems)
        {
            Fields.Write(console, "problem", problem);
        }
    }

    private static AvroSchema Read(CommandContext context)
    {
        var name = context.Get(File);
        var files = context.Get(With).Append(name)
            .Select(f => KeyValuePair.Create(f, Text(context, f))).ToList();
        if (files.Count == 1)
        {
            return Parse(name, files[0].Value);
        }
        var errors = new List<AvroSchemaException>();
        var types = SchemaParser.ParseFiles(files, errors);
        return errors.Count == 0
            ? types.Where(t => t.SchemaSource == name).MinBy(t => t.Place.Offset)!
            : throw AllocException.Usage(string.Join("\n       ", errors.Select(e => e.Message)));
    }

    private static AvroSchema Parse(string name, string text)
    {
        try
        {
            return SchemaParser.Parse(text, name);
        }
        catch (AvroSchemaException e)
        {
            throw AllocException.Usage(
                $"{e.Message}", "A schema of several files names the others: --with FILE.");
        }
    }

    private static string Text(CommandContext context, string name)
    {
        if (name == "-")
        {
            return context.Host.In.ReadToEnd();
        }
        if (!System.IO.File.Exists(name))
        {
            throw AllocException.NotFound($"There is no file {name}.");
        }
        if (new FileInfo(name).Length > MaximumSize)
        {
            throw AllocException.Usage($"{name} is larger than {Bytes.Show(MaximumSize)}.");
        }
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(System.IO.File.ReadAllBytes(name));
        }
        catch (DecoderFallbackException e)
        {
            throw AllocException.Usage($"{name} is no UTF-8 text: {e.Message}", "Save it as UTF-8.");
        }
    }

    private async Task CompareAsync(GuardedRegistryClient registry, CancellationToken cancellation)
    {
        Level = await LevelAsync(registry, SubjectName, cancellation).ConfigureAwait(false);
        var numbers = await VersionsAsync(registry, SubjectName, cancellation).ConfigureAwait(false);
        var schemas = new List<AvroSchema>();
        var kept = new List<int>();
        foreach (var number in numbers.Order())
        {
            var registered = await registry.GetRegisteredSchemaAsync(SubjectName, number).WaitAsync(cancellation)
                .ConfigureAwait(false);
            try
            {
                schemas.Add(AvroSchema.Parse(registered.SchemaString));
            }
            catch (AvroException e)
            {
                throw AllocException.Failed(
                    $"Version {number} of {SubjectName} is no Avro that alloc reads: {e.Message}");
            }
            kept.Add(number);
        }
        Versions = kept;
        var same = schemas.FindLastIndex(s => s.ToString() == Schema.ToString());
        SameAs = same < 0 ? null : kept[same];
        Problems = [.. SchemaCompatibility.Check(Schema, schemas, Level)];
        await AskRegistryAsync(registry, cancellation).ConfigureAwait(false);
    }

    /// <summary>The registry has the last word: another make of it may know a rule that is not checked here.</summary>
    private async Task AskRegistryAsync(GuardedRegistryClient registry, CancellationToken cancellation)
    {
        if (Versions.Count > 0 && IsCompatible
            && !await registry.IsCompatibleAsync(SubjectName, Schema.ForRegistry()).WaitAsync(cancellation)
                .ConfigureAwait(false))
        {
            Problems = ["the registry says that it is not compatible, and nothing here says why"];
        }
    }

    private static async Task<CompatibilityLevel> LevelAsync(
        GuardedRegistryClient registry, string subject, CancellationToken cancellation)
    {
        Compatibility level;
        try
        {
            level = await registry.GetCompatibilityAsync(subject).WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch (RegistryRefusedException e) when (e.ErrorCode / 100 == 404)
        {
            level = await registry.GetCompatibilityAsync().WaitAsync(cancellation).ConfigureAwait(false);
        }
        return Enum.Parse<CompatibilityLevel>(level.ToString());
    }

    private static async Task<List<int>> VersionsAsync(
        GuardedRegistryClient registry, string subject, CancellationToken cancellation)
    {
        try
        {
            return await registry.GetSubjectVersionsAsync(subject).WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch (RegistryRefusedException e) when (e.ErrorCode / 100 == 404)
        {
            return [];
        }
    }
}
