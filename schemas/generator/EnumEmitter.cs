using Alloc.Schemas.Avro;

namespace Alloc.Schemas.Generator;

/// <summary>An enum with the schema's symbols, numbered as they are written.</summary>
internal static class EnumEmitter
{
    public static void Emit(EnumSchema schema, CodeBuilder code)
    {
        code.Summary(schema.Doc);
        code.Block($"public enum {CSharpNames.Pascal(schema.Name)}", () =>
        {
            foreach (var symbol in schema.Symbols)
            {
                code.Line($"@{symbol},");
            }
        });
    }
}
