using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Alloc.Processors.Allocation.Policy.Document;

/// <summary>
/// Reads YAML 1.2 (core schema) with the place of everything. One document; no anchors, aliases and tags, so that a
/// reader of the file sees what is in it.
/// </summary>
internal static partial class YamlPolicyReader
{
    /// <exception cref="PolicySyntaxException">The text is no YAML, or uses what is not accepted.</exception>
    public static PolicyNode Read(string text)
    {
        var parser = new Parser(new StringReader(text));
        try
        {
            parser.Consume<StreamStart>();
            if (parser.TryConsume<StreamEnd>(out _))
            {
                return new PolicyNode(NodeKind.Null, 1, 1);
            }
            parser.Consume<DocumentStart>();
            var root = Value(parser, depth: 1);
            parser.Consume<DocumentEnd>();
            if (!parser.TryConsume<StreamEnd>(out _))
            {
                var (line, column) = Place(parser.Current!.Start);
                throw PolicySyntaxException.At(
                    line, column, "A second document begins here.", "Write one policy into one file.");
            }
            return root;
        }
        catch (YamlException error)
        {
            var (line, column) = Place(error.Start);
            throw WhatIsThere(text) ?? PolicySyntaxException.At(
                line, column, $"This is no YAML: {error.InnerException?.Message ?? error.Message}",
                "Check indentation and quotes there.");
        }
        catch (Exception error) when (error is not PolicySyntaxException)
        {
            // The scanner trips over some texts instead of saying what is wrong with them.
            var (line, column) = parser.Current is { } current ? Place(current.End) : (1, 1);
            throw WhatIsThere(text) ?? PolicySyntaxException.At(
                line, column, "This is no YAML: it cannot be read on from here.",
                "Check indentation and quotes there.");
        }
    }

    /// <summary>Characters that YAML does not take, which the scanner stumbles over elsewhere; null: none.</summary>
    private static PolicySyntaxException? WhatIsThere(string text)
    {
        var lines = text.Split('\n');
        for (var index = 0; index < lines.Length; index++)
        {
            var line = lines[index].AsSpan().TrimEnd('\r');
            var indentation = line[..^line.TrimStart(" \t").Length];
            if (indentation.IndexOf('\t') is >= 0 and var tab && indentation.Length < line.Length)
            {
                return PolicySyntaxException.At(index + 1, tab + 1, "A tab indents this line.", "Write spaces.");
            }
            for (var column = 0; column < line.Length; column++)
            {
                if (char.IsControl(line[column]) && line[column] != '\t')
                {
                    return PolicySyntaxException.At(
                        index + 1, column + 1, $"The character U+{(int)line[column]:X4} is not accepted.",
                        "Remove it.");
                }
            }
        }
        return null;
    }

    private static PolicyNode Value(Parser parser, int depth)
    {
        var (line, column) = Place(parser.Current!.Start);
        if (depth > PolicyDocument.MaximumDepth)
        {
            throw PolicySyntaxException.TooDeep(line, column);
        }
        if (parser.Current is AnchorAlias || parser.Current is NodeEvent { Anchor.IsEmpty: false })
        {
            throw PolicySyntaxException.At(
                line, column, "Anchors and aliases are not accepted.", "Write the rows out.");
        }
        if (parser.Current is NodeEvent { Tag.IsEmpty: false } tagged)
        {
            throw PolicySyntaxException.At(line, column, $"The tag {tagged.Tag} is not accepted.", "Remove it.");
        }
        if (parser.TryConsume<Scalar>(out var scalar))
        {
            return Scalar(scalar, line, column);
        }
        if (parser.TryConsume<SequenceStart>(out _))
        {
            var items = new List<PolicyNode>();
            while (!parser.TryConsume<SequenceEnd>(out _))
            {
                items.Add(Value(parser, depth + 1));
            }
            return new PolicyNode(NodeKind.List, line, column, Items: items);
        }
        parser.Consume<MappingStart>();
        return new PolicyNode(NodeKind.Object, line, column, Fields: Fields(parser, depth));
    }

    private static List<PolicyField> Fields(Parser parser, int depth)
    {
        var fields = new List<PolicyField>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var name = Value(parser, depth + 1);
            if (name.Kind is NodeKind.List or NodeKind.Object)
            {
                throw PolicySyntaxException.At(
                    name.Line, name.Column, $"{name.Shown} is no name of a field.", "Write a word.");
            }
            var text = name.Kind == NodeKind.Null ? "" : name.Text;
            if (!names.Add(text))
            {
                throw PolicySyntaxException.Twice(name.Line, name.Column, text);
            }
            fields.Add(new PolicyField(text, name.Line, name.Column, Value(parser, depth + 1)));
        }
        return fields;
    }

    private static PolicyNode Scalar(Scalar scalar, int line, int column)
    {
        var kind = scalar.Style != ScalarStyle.Plain ? NodeKind.Text : scalar.Value switch
        {
            "" or "~" or "null" or "Null" or "NULL" => NodeKind.Null,
            "true" or "True" or "TRUE" or "false" or "False" or "FALSE" => NodeKind.Boolean,
            _ => Number().IsMatch(scalar.Value) ? NodeKind.Number : NodeKind.Text,
        };
        return new PolicyNode(
            kind, line, column, kind == NodeKind.Boolean ? scalar.Value.ToLowerInvariant() : scalar.Value);
    }

    private static (int Line, int Column) Place(Mark mark) => ((int)mark.Line, (int)mark.Column);

    // A number with a leading zero is octal to some readers and decimal to others: here it is a text.
    [GeneratedRegex(@"^[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?$", RegexOptions.CultureInvariant)]
    private static partial Regex Number();
}
