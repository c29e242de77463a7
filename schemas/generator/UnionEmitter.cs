using Alloc.Schemas.Avro;

namespace Alloc.Schemas.Generator;

/// <summary>
/// A union as an abstract record that only its nested records extend: one for each branch. A switch over it can be
/// checked to name every branch; see <see cref="UnionSwitchAnalyzer"/>.
/// </summary>
internal sealed class UnionEmitter(TypeMap map, CodeBuilder code)
{
    private const string Reader = "ref global::Alloc.Schemas.Avro.AvroReader reader";
    private const string Writer = "global::Alloc.Schemas.Avro.AvroWriter writer";

    public void Emit(UnionType union)
    {
        code.Summary(union.Field.Doc);
        code.Line("[global::Alloc.Schemas.Avro.AvroUnion]");
        code.Block($"public abstract partial record {union.Name}", () =>
        {
            code.Line($"private {union.Name}()");
            code.Line("{");
            code.Line("}");
            code.Line();
            EmitRead(union);
            code.Line("/// <summary>Writes the index of the branch and its value.</summary>");
            code.Line($"public abstract void WriteUnion({Writer});");
            code.Line();
            code.Line("/// <summary>Writes the name of the branch and what identifies its value.</summary>");
            code.Line($"public abstract void WriteUnionNonDefault({Writer});");
            for (var i = 0; i < union.Schema.Branches.Count; i++)
            {
                code.Line();
                EmitBranch(union, union.Schema.Branches[i], i);
            }
        });
    }

    private void EmitRead(UnionType union)
    {
        var isNullable = union.Schema.NullIndex >= 0;
        code.Line("/// <summary>Reads the index of a branch and its value.</summary>");
        code.Block($"public static {union.Name}{(isNullable ? "?" : string.Empty)} ReadUnion({Reader})", () =>
        {
            code.Block($"switch (reader.ReadUnionIndex({union.Schema.Branches.Count}))", () =>
            {
                for (var i = 0; i < union.Schema.Branches.Count; i++)
                {
                    var branch = union.Schema.Branches[i];
                    var last = i == union.Schema.Branches.Count - 1;
                    code.Line(last ? "default:" : $"case {i}:");
                    code.Line(branch.Type == AvroType.Null
                        ? "    return null;"
                        : $"    return {BranchType(union, branch)}.Read(ref reader);");
                }
            });
        });
        code.Line();
    }

    private static string BranchType(UnionType union, AvroSchema branch) =>
        $"{union.FullName}.{UnionType.BranchName(branch)}";

    private void EmitBranch(UnionType union, AvroSchema branch, int index)
    {
        switch (branch)
        {
            case { Type: AvroType.Null }:
                break;
            case RecordSchema record when map.UnionOf(record) == union:
                new RecordEmitter(map, code).Emit(record, union);
                code.Line();
                EmitUnionMembers(
                    record.Name, record.FullName, index, "Write(writer);", "WriteNonDefaultFields(writer);");
                break;
            default:
                EmitWrapper(union, branch, index);
                break;
        }
    }

    // The members that make a record a branch are apart from those that make it a record.
    private void EmitUnionMembers(string recordName, string fullName, int index, string write, string writeNonDefault)
    {
        code.Block($"public sealed partial record {CSharpNames.Pascal(recordName)}", () =>
        {
            EmitWriteUnion(fullName, index, () => code.Line(write), () => code.Line(writeNonDefault));
        });
    }

    private void EmitWrapper(UnionType union, AvroSchema branch, int index)
    {
        var name = UnionType.BranchName(branch);
        var values = new ValueEmitter(map, code);
        var fullName = branch is NamedSchema named ? named.FullName : branch.Type.ToString().ToLowerInvariant();
        code.Line($"/// <summary>The branch {fullName}.</summary>");
        code.Block($"public sealed partial record {name}({map.CSharpType(branch)} Value) : {union.Name}", () =>
        {
            code.Line($"internal static {name} Read({Reader}) => new({values.ReadExpression(branch, "Value")});");
            code.Line();
            EmitWriteUnion(
                fullName, index,
                () => values.EmitWrite(branch, "Value", "Value", WriteForm.Binary),
                () => values.EmitWrite(branch, "Value", "Value", WriteForm.NonDefault));
            code.Line();
            values.EmitMethods();
        });
    }

    private void EmitWriteUnion(string fullName, int index, Action write, Action writeNonDefault)
    {
        code.Line("/// <inheritdoc/>");
        code.Block($"public override void WriteUnion({Writer})", () =>
        {
            code.Line($"writer.WriteLong({index});");
            write();
        });
        code.Line();
        code.Line("/// <inheritdoc/>");
        code.Block($"public override void WriteUnionNonDefault({Writer})", () =>
        {
            code.Line($"writer.WriteString(\"{fullName}\"u8);");
            writeNonDefault();
        });
    }
}
