"""Everything the library raises on purpose.

LossfnError
├── ArgumentError (ValueError)      an argument is wrong
│   ├── ShapeError                  its shape
│   ├── DomainError                 its values lie outside what the loss is defined for
│   ├── TargetError                 a class label that is not one
│   ├── WeightError                 a negative or non-finite weight
│   └── OptionError                 a hyperparameter or keyword
├── DTypeError (TypeError)          an array of a kind no loss is defined for
├── UnknownLossError (LookupError)  no loss of that name
├── FormulaError (TypeError)        a formula that cannot be traced
├── DerivativeError (TypeError)     a derivative the loss does not have
└── LawError (AssertionError)       `lossfn.check` found a law broken

LogitsWarning (UserWarning)         probabilities where a loss expects logits
"""


class LossfnError(Exception):
    """Base of every error raised by lossfn."""


class ArgumentError(LossfnError, ValueError):
    """An argument has the wrong value."""


class ShapeError(ArgumentError):
    """Shapes that do not belong together."""


class DomainError(ArgumentError):
    """Values outside the set a loss is defined on."""


class TargetError(ArgumentError):
    """Class labels that are not class labels."""


class WeightError(ArgumentError):
    """Negative or non-finite weights."""


class OptionError(ArgumentError):
    """A hyperparameter or keyword outside its allowed set."""


class DTypeError(LossfnError, TypeError):
    """An array of a kind no loss is defined for."""


class UnknownLossError(LossfnError, LookupError):
    """No loss of that name is registered."""


class FormulaError(LossfnError, TypeError):
    """A formula that cannot be traced."""


class DerivativeError(LossfnError, TypeError):
    """A derivative the loss does not have."""


class LawError(LossfnError, AssertionError):
    """A loss breaks a law every loss must keep."""


class LogitsWarning(UserWarning):
    """Probabilities where a loss expects logits; told once for each class of loss in a process."""


def say(argument: str, *, expected: str, got: object, cause: str = "", fix: str = "") -> str:
    """Word an error: argument, expected, got, likely cause, the corrected call."""
    text = f"{argument}: expected {expected}, got {got}."
    if cause:
        text += f" Likely cause: {cause}."
    return f"{text} Try: {fix}" if fix else text
