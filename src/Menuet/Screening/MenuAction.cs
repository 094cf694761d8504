namespace Menuet.Screening;

/// <summary>How actions become menus.</summary>
public enum MenuAction
{
    /// <summary>Items and payments, free to break constraints; violations are paid for in training and worth nothing in evaluation.</summary>
    Penalised,

    /// <summary>Items alone: put in order, payments follow from them, and every constraint holds.</summary>
    Projected,
}

/// <summary>What a row observes.</summary>
public enum MenuFeatures
{
    /// <summary>The paper's state, each number scaled by its range.</summary>
    Raw,

    /// <summary>The same with logarithms of gains, costs and whatever else is positive and multiplies.</summary>
    Logarithms,
}
