using Alloc.Schemas.Avro;

namespace Alloc.Schemas.Generator;

/// <summary>Which of the two forms of a value is written.</summary>
internal enum WriteForm
{
    /// <summary>Avro's binary encoding.</summary>
    Binary,

    /// <summary>The form that identifies a value's content; see IAvroRecord.WriteNonDefaultFields.</summary>
    NonDefault,
}

/// <summary>The code that reads and writes one value, and the methods that lists and maps need for it.</summary>
internal sealed partial class ValueEmitter(TypeMap map, CodeBuilder code)
{
    private const string Items = "global::Alloc.Schemas.Avro.AvroItems";

    private readonly List<Action> methods = [];
    private readonly HashSet<string> methodNames = new(StringComparer.Ordinal);
    private int variableCount;

    /// <summary>
    /// Writes the methods that expressions made so far have asked for, and those that these ask for in turn.
    /// </summary>
    public void EmitMethods()
    {
        for (var i = 0; i < methods.Count; i++)
        {
            methods[i]();
            code.Line();
        }
    }

    /// <summary>An expression that reads a value.</summary>
    /// <param name="schema">The value's schema.</param>
    /// <param name="path">A name that is unique in the record, for methods.</param>
    public string ReadExpression(AvroSchema schema, string path)
    {
        switch (schema)
        {
            case { LogicalType: AvroLogicalType.Date }:
                return "reader.ReadDate()";
            case { LogicalType: AvroLogicalType.TimeMillis }:
                return "reader.ReadTimeMillis()";
            case { LogicalType: AvroLogicalType.TimeMicros }:
                return "reader.ReadTimeMicros()";
            case { LogicalType: AvroLogicalType.Uuid }:
                return "reader.ReadUuid()";
            case FixedSchema { LogicalType: AvroLogicalType.Decimal } number:
                return $"reader.ReadDecimal({number.Scale}, {number.Size})";
            case { LogicalType: AvroLogicalType.Decimal }:
                return $"reader.ReadDecimal({schema.Scale})";
            case FixedSchema bytes:
                return $"reader.ReadFixed({bytes.Size})";
            case EnumSchema symbols:
                return $"({map.CSharpType(schema)})reader.ReadEnum({symbols.Symbols.Count})";
            case RecordSchema:
                return $"{map.CSharpType(schema)}.Read(ref reader)";
            case ArraySchema array:
                Method($"ReadItemsOf{path}", name => EmitReadItems(array, name, path));
                return $"ReadItemsOf{path}(ref reader)";
            case MapSchema entries:
                Method($"ReadEntriesOf{path}", name => EmitReadEntries(entries, name, path));
                return $"ReadEntriesOf{path}(ref reader)";
            case UnionSchema union when TypeMap.IsNullable(union, out var inner):
                return $"reader.ReadIsNull({union.NullIndex}) ? null : "
                    + $"({map.CSharpType(union)}){ReadExpression(inner, path)}";
            case UnionSchema { Branches.Count: 1 } union:
                Method($"ReadOnlyBranchOf{path}", name => EmitReadOnlyBranch(union, name, path));
                return $"ReadOnlyBranchOf{path}(ref reader)";
            case UnionSchema union:
                return $"{map.Union(union).FullName}.ReadUnion(ref reader)";
            default:
                return schema.Type == AvroType.Null ? "default" : $"reader.Read{schema.Type}()";
        }
    }

    /// <summary>Statements that write a value.</summary>
    public void EmitWrite(AvroSchema schema, string value, string path, WriteForm form)
    {
        switch (schema)
        {
            case { LogicalType: AvroLogicalType.Date }:
                code.Line($"writer.WriteDate({value});");
                break;
            case { LogicalType: AvroLogicalType.TimeMillis }:
                code.Line($"writer.WriteTimeMillis({value});");
                break;
            case { LogicalType: AvroLogicalType.TimeMicros }:
                code.Line($"writer.WriteTimeMicros({value});");
                break;
            case { LogicalType: AvroLogicalType.Uuid }:
                code.Line($"writer.WriteUuid({value});");
                break;
            case FixedSchema { LogicalType: AvroLogicalType.Decimal } number:
                code.Line($"writer.WriteDecimal({value}, {number.Precision}, {number.Scale}, {number.Size});");
                break;
            case { LogicalType: AvroLogicalType.Decimal }:
                code.Line($"writer.WriteDecimal({value}, {schema.Precision}, {schema.Scale});");
                break;
            case FixedSchema bytes:
                code.Line($"writer.WriteFixed({value}, {bytes.Size});");
                break;
            case EnumSchema symbols:
                EmitWriteEnum(symbols, value, path, form);
                break;
            case RecordSchema:
                code.Line($"{value}.{(form == WriteForm.Binary ? "Write" : "WriteNonDefaultFields")}(writer);");
                break;
            case ArraySchema array:
                EmitWriteItems(array, value, path, form);
                break;
            case MapSchema entries:
                EmitWriteEntries(entries, value, path, form);
                break;
            case UnionSchema union:
                EmitWriteUnion(union, value, path, form);
                break;
            default:
                if (schema.Type != AvroType.Null)
                {
                    code.Line($"writer.Write{schema.Type}({value});");
                }
                break;
        }
    }

    private void Method(string name, Action<string> emit)
    {
        if (methodNames.Add(name))
        {
            methods.Add(() => emit(name));
        }
    }

    private string Variable(string kind) => kind + ++variableCount;

    private void EmitReadItems(ArraySchema array, string name, string path)
    {
        var type = map.CSharpType(array.Items);
        code.Block(
            $"private static {map.CSharpType(array)} {name}(ref global::Alloc.Schemas.Avro.AvroReader reader)", () =>
            {
                code.Line($"var items = global::System.Array.Empty<{type}>();");
                code.Line("var filled = 0;");
                EmitBlocks(array.MinimumItemSize, () =>
                {
                    code.Line($"{Items}.Reserve(ref items, filled, count);");
                    code.Block("for (var end = filled + count; filled < end; filled++)", () =>
                        code.Line($"items[filled] = {ReadExpression(array.Items, path + "Item")};"));
                });
                code.Line($"return {Items}.Complete(items, filled);");
            });
    }

    private void EmitReadEntries(MapSchema entries, string name, string path)
    {
        var type = map.CSharpType(entries.Values);
        code.Block(
            $"private static {map.CSharpType(entries)} {name}(ref global::Alloc.Schemas.Avro.AvroReader reader)", () =>
            {
                code.Line($"global::System.Collections.Generic.Dictionary<string, {type}>? entries = null;");
                EmitBlocks(entries.MinimumEntrySize, () =>
                {
                    code.Line("entries ??= new(count, global::System.StringComparer.Ordinal);");
                    code.Block("for (var i = 0; i < count; i++)", () =>
                    {
                        code.Line("var key = reader.ReadString();");
                        code.Line($"entries[key] = {ReadExpression(entries.Values, path + "Value")};");
                    });
                });
                code.Line($"return entries is null ? {Items}.EmptyMap<{type}>() : entries;");
            });
    }

    private void EmitBlocks(int minimumSize, Action body)
    {
        code.Block($"while (reader.ReadBlock({minimumSize}, out var blockEnd) is var count and > 0)", () =>
        {
            body();
            code.Line("reader.EndBlock(blockEnd);");
        });
    }

    private void EmitReadOnlyBranch(UnionSchema union, string name, string path)
    {
        code.Block(
            $"private static {map.CSharpType(union)} {name}(ref global::Alloc.Schemas.Avro.AvroReader reader)", () =>
            {
                code.Line("reader.ReadUnionIndex(1);");
                code.Line($"return {ReadExpression(union.Branches[0], path + "Branch")};");
            });
    }

    private void EmitWriteEnum(EnumSchema schema, string value, string path, WriteForm form)
    {
        if (form == WriteForm.Binary)
        {
            code.Line($"writer.WriteEnum((int){value}, {schema.Symbols.Count});");
            return;
        }
        var type = map.CSharpType(schema);
        Method($"SymbolOf{CSharpNames.Pascal(schema.Name)}", name =>
        {
            code.Block($"private static global::System.ReadOnlySpan<byte> {name}({type} value)", () =>
            {
                code.Line("return value switch");
                code.Line("{");
                foreach (var symbol in schema.Symbols)
                {
                    code.Line($"    {type}.@{symbol} => \"{symbol}\"u8,");
                }
                code.Line(
                    "    _ => throw new global::Alloc.Schemas.Avro.AvroException(\"An enum has no such symbol.\"),");
                code.Line("};");
            });
        });
        code.Line($"writer.WriteString(SymbolOf{CSharpNames.Pascal(schema.Name)}({value}));");
    }

    private void EmitWriteItems(ArraySchema array, string value, string path, WriteForm form)
    {
        var (list, index, count) = (Variable("list"), Variable("index"), Variable("count"));
        code.Line($"var {list} = {value};");
        code.Line($"var {count} = {list}.Count;");
        code.Line($"writer.WriteLong({count});");
        code.Block($"if ({count} > 0)", () =>
        {
            code.Block($"for (var {index} = 0; {index} < {count}; {index}++)", () =>
                EmitWrite(array.Items, $"{list}[{index}]", path + "Item", form));
            if (form == WriteForm.Binary)
            {
                code.Line("writer.WriteLong(0);");
            }
        });
    }

    private void EmitWriteEntries(MapSchema entries, string value, string path, WriteForm form)
    {
        var (list, entry) = (Variable("entries"), Variable("entry"));
        var type = map.CSharpType(entries.Values);
        void WriteEntry()
        {
            code.Line($"writer.WriteString({entry}.Key);");
            EmitWrite(entries.Values, $"{entry}.Value", path + "Value", form);
        }

        code.Line($"var {list} = {value};");
        code.Line($"writer.WriteLong({list}.Count);");
        if (form == WriteForm.NonDefault)
        {
            code.Block($"foreach (var {entry} in {Items}.Sorted({list}))", WriteEntry);
            return;
        }
        code.Block($"if ({list}.Count > 0)", () =>
        {
            // A dictionary's own enumerator needs no allocation.
            code.Block(
                $"if ({list} is global::System.Collections.Generic.Dictionary<string, {type}> {list}Dictionary)", () =>
                code.Block($"foreach (var {entry} in {list}Dictionary)", WriteEntry));
            code.Block("else", () => code.Block($"foreach (var {entry} in {list})", WriteEntry));
            code.Line("writer.WriteLong(0);");
        });
    }

    private void EmitWriteUnion(UnionSchema union, string value, string path, WriteForm form)
    {
        if (union.Branches.Count == 1)
        {
            if (form == WriteForm.Binary)
            {
                code.Line("writer.WriteLong(0);");
            }
            EmitWrite(union.Branches[0], value, path + "Branch", form);
        }
        else if (TypeMap.IsNullable(union, out var inner))
        {
            // In the form for hashes null is 0 and a value 1, whatever the order of the branches.
            var variable = Variable("present");
            var (nullMark, valueMark) = form == WriteForm.Binary ? (union.NullIndex, 1 - union.NullIndex) : (0, 1);
            code.Block($"if ({value} is {{ }} {variable})", () =>
            {
                code.Line($"writer.WriteLong({valueMark});");
                EmitWrite(inner, variable, path, form);
            });
            code.Block("else", () => code.Line($"writer.WriteLong({nullMark});"));
        }
        else
        {
            var write = form == WriteForm.Binary ? "WriteUnion" : "WriteUnionNonDefault";
            if (union.NullIndex < 0)
            {
                code.Line($"{value}.{write}(writer);");
                return;
            }
            var variable = Variable("present");
            code.Block($"if ({value} is {{ }} {variable})", () => code.Line($"{variable}.{write}(writer);"));
            code.Block("else", () => code.Line(form == WriteForm.Binary
                ? $"writer.WriteLong({union.NullIndex});"
                : "writer.WriteString(\"null\"u8);"));
        }
    }
}
