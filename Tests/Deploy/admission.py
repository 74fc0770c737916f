"""A ValidatingAdmissionPolicy as the API server evaluates it: match conditions, variables, validations."""

import celpy

ENVIRONMENT = celpy.Environment()


def evaluate(expression, values):
    program = ENVIRONMENT.program(ENVIRONMENT.compile(expression))
    return program.evaluate(values)


def refusals(policy, user, old, new, extra=None):
    """The messages of the validations that are not met; `None`: the policy is not about this request."""
    info = {"username": user} | ({"extra": extra} if extra else {})
    given = {"request": {"userInfo": info}, "object": new, "oldObject": old}
    values = {name: celpy.json_to_cel(value) for name, value in given.items()}
    spec = policy["spec"]
    if not all(evaluate(each["expression"], values) for each in spec["matchConditions"]):
        return None
    variables = celpy.celtypes.MapType()
    for each in spec.get("variables", []):
        values["variables"] = variables
        variables[celpy.celtypes.StringType(each["name"])] = evaluate(each["expression"], values)
    values["variables"] = variables
    return [each["message"] for each in spec["validations"] if not met(each["expression"], values)]


def met(expression, values):
    """An expression that cannot be evaluated refuses: failurePolicy is Fail."""
    try:
        return bool(evaluate(expression, values))
    except celpy.CELEvalError:
        return False
