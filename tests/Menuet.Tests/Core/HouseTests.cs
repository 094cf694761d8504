using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Menuet.Tests.Core;

/// <summary>The house's own rules: who may reference whom, folder = namespace, no room half furnished, documents immutable.</summary>
public sealed partial class HouseTests
{
    private static readonly string Root = FindRoot();

    [Theory]
    [InlineData("Menuet")]
    [InlineData("Menuet.Fitting", "Menuet")]
    [InlineData("Menuet.Learning", "Menuet")]
    [InlineData("Menuet.Generation", "Menuet")]
    [InlineData("Menuet.Settlement", "Menuet")]
    [InlineData("Menuet.Experiments", "Menuet", "Menuet.Fitting", "Menuet.Learning")]
    [InlineData("Menuet.Cli", "Menuet", "Menuet.Experiments", "Menuet.Fitting", "Menuet.Generation", "Menuet.Learning", "Menuet.Settlement")]
    public void ProjectsReferenceOnlyWhatTheyMay(string project, params string[] permitted)
    {
        var file = Path.Combine(Root, "src", project, project + ".csproj");
        if (!File.Exists(file))
        {
            return;
        }

        var references = XDocument.Load(file).Descendants("ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value));
        Assert.Subset(permitted.ToHashSet(), references.ToHashSet());
    }

    [Fact]
    public void EveryProjectIsNamedInTheRules()
    {
        var rules = typeof(HouseTests).GetMethod(nameof(ProjectsReferenceOnlyWhatTheyMay))!
            .GetCustomAttributes<InlineDataAttribute>().Select(a => (string)a.GetData(null!).Single()[0]).ToHashSet();
        Assert.All(Directory.EnumerateDirectories(Path.Combine(Root, "src")), folder => Assert.Contains(Path.GetFileName(folder), rules));
    }

    [Fact]
    public void TheCoreReferencesNoPackage() =>
        Assert.Empty(XDocument.Load(Path.Combine(Root, "src", "Menuet", "Menuet.csproj")).Descendants("PackageReference"));

    [Fact]
    public void FoldersAreNamespaces()
    {
        foreach (var file in Sources())
        {
            var folder = Path.GetRelativePath(Path.Combine(Root, "src"), Path.GetDirectoryName(file)!).Replace(Path.DirectorySeparatorChar, '.');
            var expected = folder == "Menuet.Core" ? "Menuet" : folder;
            if (NamespaceLine().Match(File.ReadAllText(file)) is { Success: true } match)
            {
                Assert.True(expected == match.Groups[1].Value, $"{file} has namespace {match.Groups[1].Value}, its folder says {expected}");
            }
        }
    }

    [Fact]
    public void EveryRoomIsListedAndFurnished()
    {
        var rooms = Directory.EnumerateDirectories(Path.Combine(Root, "src", "Menuet", "Mechanisms")).Select(folder => Path.GetFileName(folder)).ToArray();
        Assert.Equal(rooms.Length, Catalog.Mechanisms.Length);
        foreach (var room in rooms)
        {
            Assert.True(File.Exists(Path.Combine(Root, "src", "Menuet", "Mechanisms", room, "README.md")), $"{room} has no README");
            Assert.True(Directory.Exists(Path.Combine(Root, "tests", "Menuet.Tests", "Mechanisms", room)), $"{room} has no tests");
        }
    }

    [Fact]
    public void EveryKindHasAnExactAndAReferenceSolver() => Assert.All(Catalog.Mechanisms, mechanism =>
    {
        Assert.True(mechanism.Solvers.Length >= 2, mechanism.Kind);
        Assert.Equal(mechanism.Solvers.Length, mechanism.Solvers.Select(s => s.Name).Distinct().Count());
        Assert.All(mechanism.Solvers, solver => Assert.Matches("^[a-z]+(-[a-z]+)*$", solver.Name));
    });

    [Fact]
    public void DocumentTypesAreImmutable()
    {
        var documents = typeof(Catalog).Assembly.GetTypes().Where(type => type.GetProperty("Shape", BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic) is not null);
        Assert.NotEmpty(documents);
        Assert.All(documents.SelectMany(type => type.GetProperties(BindingFlags.Instance | BindingFlags.Public)), property =>
        {
            var setter = property.SetMethod;
            Assert.True(
                setter is null || setter.ReturnParameter.GetRequiredCustomModifiers().Any(modifier => modifier.FullName == "System.Runtime.CompilerServices.IsExternalInit"),
                $"{property.DeclaringType}.{property.Name} can be changed");
        });
    }

    private static IEnumerable<string> Sources() =>
        Directory.EnumerateFiles(Path.Combine(Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
                && !file.Contains($"{Path.DirectorySeparatorChar}bin{Path.DirectorySeparatorChar}", StringComparison.Ordinal));

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Menuet.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("Menuet.slnx is nowhere above the tests");
    }

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();
}
