using System.Reflection;
using System.Text;

namespace Menuet.Tests.Core;

/// <summary>What <c>Menuet</c> promises to its callers, as a file whose diff a reviewer reads.</summary>
public sealed class PublicApiTests
{
    [Fact]
    public void ThePublicSurface_IsWhatWasReviewed()
    {
        var listing = new StringBuilder();
        foreach (var type in typeof(Catalog).Assembly.GetExportedTypes().OrderBy(t => t.FullName, StringComparer.Ordinal))
        {
            listing.Append(Kind(type)).Append(' ').Append(Name(type)).Append('\n');
            var members = type.GetMembers(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly)
                .Where(member => member is not MethodInfo { IsSpecialName: true } and not Type)
                .Where(member => member.GetCustomAttribute<System.Runtime.CompilerServices.CompilerGeneratedAttribute>() is null || member is PropertyInfo)
                .Where(member => member.Name is not ("ToString" or "GetHashCode" or "Equals" or "<Clone>$" or "PrintMembers" or "Deconstruct" or "value__"))
                .Select(Signature)
                .Order(StringComparer.Ordinal);
            foreach (var member in members)
            {
                listing.Append("    ").Append(member).Append('\n');
            }
        }

        Golden.Matches(listing.ToString(), "public-api.txt");
    }

    private static string Kind(Type type) => type switch
    {
        { IsInterface: true } => "interface",
        { IsEnum: true } => "enum",
        { IsValueType: true } => "struct",
        _ when typeof(Delegate).IsAssignableFrom(type) => "delegate",
        { IsAbstract: true, IsSealed: true } => "static class",
        _ => "class",
    };

    private static string Signature(MemberInfo member) => member switch
    {
        FieldInfo { DeclaringType.IsEnum: true } field => field.Name,
        FieldInfo field => $"{Name(field.FieldType)} {field.Name}",
        PropertyInfo property => $"{Name(property.PropertyType)} {property.Name} {{{(property.GetMethod?.IsPublic == true ? " get;" : "")}{(property.SetMethod?.IsPublic == true ? " set;" : "")} }}",
        ConstructorInfo constructor => $"new({Parameters(constructor)})",
        MethodInfo method => $"{Name(method.ReturnType)} {method.Name}({Parameters(method)})",
        _ => member.ToString()!,
    };

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(p => $"{Name(p.ParameterType)} {p.Name}"));

    private static string Name(Type type)
    {
        if (type.IsByRef)
        {
            return "ref " + Name(type.GetElementType()!);
        }

        if (Nullable.GetUnderlyingType(type) is { } inner)
        {
            return Name(inner) + "?";
        }

        var name = type.IsGenericParameter ? type.Name : (type.Namespace?.StartsWith("Menuet", StringComparison.Ordinal) == true ? type.FullName ?? type.Name : type.Name);
        name = name.Split('`')[0].Replace('+', '.');
        return type.IsGenericType ? $"{name}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>" : name;
    }
}
