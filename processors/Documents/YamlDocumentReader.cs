using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Alloc.Processors.Documents;

/// <summary>
/// Reads YAML 1.2 (core schema) with the place of everything. One document; no anchors, aliases and tags, so that a
/// reader of the file sees what is in it.
/// </summary>
internal sealed partial class YamlDocumentReader(DocumentKind kind)
{
    /// <exception cref="DocumentSyntaxException">The text is no YAML, or uses what is not accepted.</exception>
    public DocumentNode Read(string text)
    {
        var parser = new Parser(new StringReader(text));
        try
        {
            parser.Consume<StreamStart>();
            if (parser.TryConsume<StreamEnd>(out _))
            {
                return new DocumentNode(NodeKind.Null, 1, 1);
            }
            parser.Consume<DocumentStart>();
            var root = Value(parser, depth: 1);
            parser.Consume<DocumentEnd>();
            if (!parser.TryConsume<StreamEnd>(out _))
            {
                var (line, column) = Place(parser.Current!.Start);
                throw DocumentSyntaxException.At(
                    line, column, "A second document begins here.", $"Write one {kind.Name} into one file.");
            }
            return root;
        }
        catch (YamlException error)
        {
            var (line, column) = Place(error.Start);
            throw WhatIsThere(text) ?? DocumentSyntaxException.At(
                line, column, $"This is no YAML: {error.InnerException?.Message ?? error.Message}",
                "Check indentation and quotes there.");
        }
        catch (Exception error) when (error is not DocumentSyntaxException)
        {
            // The scanner trips over some texts instead of saying what is wrong with them.
            var (line, column) = parser.Current is { } current ? Place(current.End) : (1, 1);
            throw WhatIsThere(text) ?? DocumentSyntaxException.At(
                line, column, "This is no YAML: it cannot be read on from here.",
                "Check indentation and quotes there.");
        }
    }

    /// <summary>Characters that YAML does not take, which the scanner stumbles over elsewhere; null: none.</summary>
    private static DocumentSyntaxException? WhatIsThere(string text)
    {
        var lines = text.Split('\n');
        for (var index = 0; index < lines.Length; index++)
        {
            var line = lines[index].AsSpan().TrimEnd('\r');
            var indentation = line[..^line.TrimStart(" \t").Length];
            if (indentation.IndexOf('\t') is >= 0 and var tab && indentation.Length < line.Length)
            {
                return DocumentSyntaxException.At(index + 1, tab + 1, "A tab indents this line.", "Write spaces.");
            }
            for (var column = 0; column < line.Length; column++)
            {
                if (char.IsControl(line[column]) && line[column] != '\t')
                {
                    return DocumentSyntaxException.At(
                        index + 1, column + 1, $"The character U+{(int)line[column]:X4} is not accepted.",
                        "Remove it.");
                }
            }
        }
        return null;
    }

    private DocumentNode Value(Parser parser, int depth)
    {
        var (line, column) = Place(parser.Current!.Start);
        if (depth > DocumentKind.MaximumDepth)
        {
            throw DocumentSyntaxException.TooDeep(line, column, kind);
        }
        if (parser.Current is AnchorAlias || parser.Current is NodeEvent { Anchor.IsEmpty: false })
        {
            throw DocumentSyntaxException.At(
                line, column, "Anchors and aliases are not accepted.", "Write the rows out.");
        }
        if (parser.Current is NodeEvent { Tag.IsEmpty: false } tagged)
        {
            throw DocumentSyntaxException.At(line, column, $"The tag {tagged.Tag} is not accepted.", "Remove it.");
        }
        if (parser.TryConsume<Scalar>(out var scalar))
        {
            return Scalar(scalar, line, column);
        }
        if (parser.TryConsume<SequenceStart>(out _))
        {
            var items = new List<DocumentNode>();
            while (!parser.TryConsume<SequenceEnd>(out _))
            {
                items.Add(Value(parser, depth + 1));
            }
            return new DocumentNode(NodeKind.List, line, column, Items: items);
        }
        parser.Consume<MappingStart>();
        return new DocumentNode(NodeKind.Object, line, column, Fields: Fields(parser, depth));
    }

    private List<DocumentField> Fields(Parser parser, int depth)
    {
        var fields = new List<DocumentField>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var name = Value(parser, depth + 1);
            if (name.Kind is NodeKind.List or NodeKind.Object)
            {
                throw DocumentSyntaxException.At(
                    name.Line, name.Column, $"{name.Shown} is no name of a field.", "Write a word.");
            }
            var text = name.Kind == NodeKind.Null ? "" : name.Text;
            if (!names.Add(text))
            {
                throw DocumentSyntaxException.Twice(name.Line, name.Column, text);
            }
            fields.Add(new DocumentField(text, name.Line, name.Column, Value(parser, depth + 1)));
        }
        return fields;
    }

    private static DocumentNode Scalar(Scalar scalar, int line, int column)
    {
        var kind = scalar.Style != ScalarStyle.Plain ? NodeKind.Text : scalar.Value switch
        {
            "" or "~" or "null" or "Null" or "NULL" => NodeKind.Null,
            "true" or "True" or "TRUE" or "false" or "False" or "FALSE" => NodeKind.Boolean,
            _ => Number().IsMatch(scalar.Value) ? NodeKind.Number : NodeKind.Text,
        };
        return new DocumentNode(
            kind, line, column, kind == NodeKind.Boolean ? scalar.Value.ToLowerInvariant() : scalar.Value);
    }

    private static (int Line, int Column) Place(Mark mark) => ((int)mark.Line, (int)mark.Column);

    // A number with a leading zero is octal to some readers and decimal to others: here it is a text.
    [GeneratedRegex(@"^[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?$", RegexOptions.CultureInvariant)]
    private static partial Regex Number();
}
