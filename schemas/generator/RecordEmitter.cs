using Alloc.Schemas.Avro;

namespace Alloc.Schemas.Generator;

/// <summary>A sealed record: properties, schema, read and write.</summary>
internal sealed class RecordEmitter(TypeMap map, CodeBuilder code)
{
    public void Emit(RecordSchema record, UnionType? union = null)
    {
        var name = CSharpNames.Pascal(record.Name);
        var bases = $"global::Alloc.Schemas.Avro.IAvroRecord<{name}>";
        var hidden = union?.Schema.Branches.Select(UnionType.BranchName).ToArray() ?? [];

        code.Summary(record.Doc);
        code.Block($"public sealed partial record {name} : {(union is null ? bases : union.Name + ", " + bases)}", () =>
        {
            var values = new ValueEmitter(map, code);
            EmitSchema(record);
            foreach (var field in record.Fields)
            {
                EmitProperty(record, name, field, hidden, values);
            }
            EmitRead(record, name, values);
            EmitWrite(record, name, values);
            EmitWriteNonDefaultFields(record, name, values);
            values.EmitMethods();
        });
    }

    private static string Quoted(string text) => "@\"" + text.Replace("\"", "\"\"") + "\"";

    private void EmitSchema(RecordSchema record)
    {
        code.Line("/// <summary>The schema, with every type that it uses.</summary>");
        code.Line("public static global::Alloc.Schemas.Avro.AvroSchema Schema { get; } = "
            + "global::Alloc.Schemas.Avro.AvroSchema.Parse(");
        code.Line($"    {Quoted(record.ToString())});");
        code.Line();
    }

    private void EmitProperty(RecordSchema record, string name, FieldSchema field, string[] hidden, ValueEmitter values)
    {
        var property = CSharpNames.Property(name, field);
        var modifier = hidden.Contains(property) ? "new " : string.Empty;
        var type = map.CSharpType(field.Schema);
        code.Summary(field.Doc);
        if (field.Default is null)
        {
            code.Line($"public {modifier}required {type} {property} {{ get; init; }}");
        }
        else
        {
            var value = values.DefaultExpression(field.Default, field.Schema);
            if (ValueEmitter.IsSharedDefault(field))
            {
                code.Line($"public {modifier}{type} {property} {{ get; init; }} = DefaultOf{property};");
                code.Line();
                code.Line($"private static readonly {type} DefaultOf{property} = {value};");
            }
            else
            {
                code.Line($"public {modifier}{type} {property} {{ get; init; }} = {value};");
            }
        }
        code.Line();
    }

    private void EmitRead(RecordSchema record, string name, ValueEmitter values)
    {
        code.Line("/// <summary>Reads one value written with <see cref=\"Schema\"/>.</summary>");
        code.Block($"public static {name} Read(ref global::Alloc.Schemas.Avro.AvroReader reader)", () =>
        {
            var isRecursive = map.IsRecursive(record);
            if (isRecursive)
            {
                code.Line("reader.EnterRecord();");
            }
            code.Line($"var value = new {name}");
            code.Line("{");
            foreach (var field in record.Fields)
            {
                var property = CSharpNames.Property(name, field);
                code.Line($"    {property} = {values.ReadExpression(field.Schema, property)},");
            }
            code.Line("};");
            if (isRecursive)
            {
                code.Line("reader.ExitRecord();");
            }
            code.Line("return value;");
        });
        code.Line();
    }

    private void EmitWrite(RecordSchema record, string name, ValueEmitter values)
    {
        code.Line("/// <summary>Writes the value in Avro's binary encoding.</summary>");
        code.Block("public void Write(global::Alloc.Schemas.Avro.AvroWriter writer)", () =>
        {
            foreach (var field in record.Fields)
            {
                var property = CSharpNames.Property(name, field);
                values.EmitWrite(field.Schema, property, property, WriteForm.Binary);
            }
        });
        code.Line();
    }

    private void EmitWriteNonDefaultFields(RecordSchema record, string name, ValueEmitter values)
    {
        code.Line("/// <summary>Writes what identifies the value: named fields, without those equal to their "
            + "default.</summary>");
        code.Block("public void WriteNonDefaultFields(global::Alloc.Schemas.Avro.AvroWriter writer)", () =>
        {
            foreach (var field in record.Fields)
            {
                var property = CSharpNames.Property(name, field);
                if (field.Default is null)
                {
                    EmitNamedField(field, property, values);
                }
                else
                {
                    code.Block(
                        $"if (!({values.IsDefault(field, property)}))", () => EmitNamedField(field, property, values));
                }
            }
            code.Line("writer.WriteString(\"\"u8);");
        });
        code.Line();
    }

    private void EmitNamedField(FieldSchema field, string property, ValueEmitter values)
    {
        code.Line($"writer.WriteString(\"{field.Name}\"u8);");
        values.EmitWrite(field.Schema, property, property, WriteForm.NonDefault);
    }
}
