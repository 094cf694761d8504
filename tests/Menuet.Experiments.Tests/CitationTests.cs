using System.Text.RegularExpressions;
using System.Xml.Linq;
using Menuet.Experiments.Papers;

namespace Menuet.Experiments.Tests;

/// <summary>CITATION.cff by the Citation File Format 1.2.0: required keys, permitted ones, and agreement with the papers that are made again.</summary>
public sealed partial class CitationTests
{
    private readonly Dictionary<string, object> document = (Dictionary<string, object>)BlockYaml.Read(File.ReadAllLines(Path.Combine(Repository.Root, "CITATION.cff")));

    [Fact]
    public void RequiredKeys_AreThere_AndNoOthersThanTheFormatKnows()
    {
        Assert.Equal("1.2.0", document["cff-version"]);
        Assert.Subset(
            new HashSet<string> { "abstract", "authors", "cff-version", "commit", "contact", "date-released", "doi", "identifiers", "keywords", "license", "license-url", "message", "preferred-citation", "references", "repository", "repository-artifact", "repository-code", "title", "type", "url", "version" },
            document.Keys.ToHashSet());
        Assert.All(["cff-version", "message", "title", "authors"], key => Assert.True(document.ContainsKey(key), key));
        Assert.Equal("software", document["type"]);
        Assert.Equal("MIT", document["license"]);
        Assert.NotEmpty((List<object>)document["authors"]);
    }

    [Fact]
    public void Version_IsTheOneThatIsBuilt() =>
        Assert.Equal(XDocument.Load(Path.Combine(Repository.Root, "Directory.Build.props")).Descendants("Version").Single().Value, document["version"]);

    [Fact]
    public void References_AreThePapers_WithTheirAuthors()
    {
        var references = ((List<object>)document["references"]).Cast<Dictionary<string, object>>().ToArray();
        Assert.Equal(Library.All.Length, references.Length);
        foreach (var (paper, reference) in Library.All.Zip(references))
        {
            Assert.Contains((string)reference["type"], new[] { "article", "unpublished" });
            Assert.Equal(Field(paper, "title"), reference["title"]);
            Assert.Equal(Field(paper, "year"), reference.GetValueOrDefault("year", ""));
            Assert.Equal(Field(paper, "doi"), reference.GetValueOrDefault("doi", ""));
            var authors = ((List<object>)reference["authors"]).Cast<Dictionary<string, object>>().Select(author => $"{author["family-names"]}, {author["given-names"]}");
            Assert.Equal(Field(paper, "author"), string.Join(" and ", authors));
        }
    }

    private static string Field(Paper paper, string name) =>
        Regex.Match(paper.Citation, $@"^\s*{name}\s*= \{{(.*)\}},?\r?$", RegexOptions.Multiline) is { Success: true } match ? Braces().Replace(match.Groups[1].Value, "") : "";

    [GeneratedRegex("[{}]")]
    private static partial Regex Braces();

    /// <summary>The part of YAML that the file is written in: mappings and sequences by indentation, plain and double-quoted scalars without escapes.</summary>
    private static partial class BlockYaml
    {
        internal static object Read(string[] lines)
        {
            var (next, left) = (0, lines.Where(line => line.Length > 0).ToList());
            var root = Node(0);
            Assert.Equal(left.Count, next);
            return root;

            object Node(int indent) => left[next].AsSpan(indent).StartsWith("- ") ? Sequence(indent) : Mapping(indent);

            List<object> Sequence(int indent)
            {
                var items = new List<object>();
                while (next < left.Count && Indent(left[next]) == indent && left[next].AsSpan(indent).StartsWith("- "))
                {
                    var item = left[next][(indent + 2)..];
                    if (Entry().IsMatch(item))
                    {
                        left[next] = new string(' ', indent + 2) + item;
                        items.Add(Mapping(indent + 2));
                    }
                    else
                    {
                        items.Add(Scalar(item));
                        next++;
                    }
                }

                return items;
            }

            Dictionary<string, object> Mapping(int indent)
            {
                var entries = new Dictionary<string, object>();
                while (next < left.Count && Indent(left[next]) == indent)
                {
                    var match = Entry().Match(left[next][indent..]);
                    Assert.True(match.Success, left[next]);
                    next++;
                    entries.Add(match.Groups[1].Value, match.Groups[2].Length > 0 ? Scalar(match.Groups[2].Value) : Node(Indent(left[next])));
                }

                return entries;
            }
        }

        private static int Indent(string line) => line.Length - line.TrimStart(' ').Length;

        private static string Scalar(string text)
        {
            var plain = text is not ['"', .., '"'];
            Assert.DoesNotContain(plain ? ": " : "\\", text, StringComparison.Ordinal);
            return plain ? text : text[1..^1];
        }

        [GeneratedRegex("^([a-z-]+):(?: (.+))?$")]
        private static partial Regex Entry();
    }
}
