using System.Collections.Immutable;
using Alloc.Schemas.Avro;

namespace Alloc.Schemas.Generator;

/// <summary>From schema files to C# sources and problems.</summary>
internal static class SchemaCompiler
{
    /// <summary>The text is not a schema.</summary>
    public const string InvalidSchema = "AVRO001";

    /// <summary>The schema cannot be expressed in C#.</summary>
    public const string InexpressibleSchema = "AVRO002";

    /// <summary>The files in an order that does not depend on how the compiler was called.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Ordered(ImmutableArray<SchemaFile> files) =>
        files.OrderBy(f => f.Path, StringComparer.Ordinal)
            .Select(f => new KeyValuePair<string, string>(f.Path, f.Text));

    public static CompiledSchemas Compile(ImmutableArray<SchemaFile> files, CancellationToken token)
    {
        var errors = new List<AvroSchemaException>();
        var types = SchemaParser.ParseFiles(Ordered(files), errors);
        var problems = errors.Select(e => Problem(InvalidSchema, e)).ToImmutableArray();
        if (problems.Length > 0)
        {
            // Types that are missing would only hide the cause behind errors in C# code that uses them.
            return new CompiledSchemas([], problems);
        }

        errors.Clear();
        var map = TypeMap.Create(types, errors);
        token.ThrowIfCancellationRequested();
        if (errors.Count > 0)
        {
            return new CompiledSchemas([], errors.Select(e => Problem(InexpressibleSchema, e)).ToImmutableArray());
        }
        return new CompiledSchemas([.. Emit(types, map)], []);
    }

    private static IEnumerable<GeneratedSource> Emit(IReadOnlyList<NamedSchema> types, TypeMap map)
    {
        foreach (var type in types.Where(t => map.UnionOf(t) is null))
        {
            switch (type)
            {
                case RecordSchema record:
                    yield return Source(type.FullName, CodeBuilder.File(CSharpNames.Namespace(type.Namespace), code =>
                        new RecordEmitter(map, code).Emit(record)));
                    break;
                case EnumSchema symbols:
                    yield return Source(type.FullName, CodeBuilder.File(CSharpNames.Namespace(type.Namespace), code =>
                        EnumEmitter.Emit(symbols, code)));
                    break;
                default:
                    break;
            }
        }
        foreach (var union in map.Unions)
        {
            yield return Source($"{union.Owner.Namespace}.{union.Name}", CodeBuilder.File(union.Namespace, code =>
                new UnionEmitter(map, code).Emit(union)));
        }
    }

    private static GeneratedSource Source(string fullName, string text) => new(fullName.TrimStart('.') + ".g.cs", text);

    public static SchemaProblem Problem(string id, AvroSchemaException error) => new(
        id, error.Reason, error.SchemaSource ?? string.Empty,
        error.Place.Offset, error.Place.Length, error.Place.Line, error.Place.Column);
}
